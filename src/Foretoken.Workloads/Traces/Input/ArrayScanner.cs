using System.Globalization;
using Foretoken.Quantities;

namespace Foretoken.Workloads.Traces.Input;

/// <summary>The elements of one JSON array, each as its bytes, without reading the array as a whole.</summary>
internal sealed class ArrayScanner(TraceInput input) : RecordScanner(input)
{
    private long _line = 1;
    private bool _begun;
    private bool _ended;

    public override bool TryNext(out ReadOnlySpan<byte> record)
    {
        record = default;
        if (_ended)
        {
            return false;
        }

        var c = Next();
        if (!_begun)
        {
            _begun = true;
            if (c != '[')
            {
                throw Broken("expected '[' at the start");
            }

            Take(1);
            c = Next();
            if (c == ']')
            {
                return End();
            }
        }
        else if (c == ']')
        {
            return End();
        }
        else if (c == ',')
        {
            Take(1);
            c = Next();
        }
        else
        {
            throw Broken(c < 0 ? "the file ends inside the array" : "expected ',' or ']' between the elements");
        }

        Line = _line;
        var length = Measure();
        record = Input.Window[..length];
        Take(length);
        return true;
    }

    private bool End()
    {
        Take(1);
        _ended = true;
        Line = _line;
        return Next() < 0 ? false : throw Broken("something follows the array's closing ']'");
    }

    /// <summary>The next byte that is not white space, not taken; -1 at the end.</summary>
    private int Next()
    {
        while (true)
        {
            var window = Input.Window;
            if (_line == 1 && window.StartsWith("\uFEFF"u8))
            {
                Input.Start += 3;
                continue;
            }

            var blank = window.IndexOfAnyExcept(" \t\r\n"u8);
            if (blank >= 0)
            {
                Take(blank);
                return Input.Window[0];
            }

            Take(window.Length);
            if (!Input.Fill(_line))
            {
                return -1;
            }
        }
    }

    /// <summary>Length of the element at the start of the window, up to the comma or bracket that ends it.</summary>
    private int Measure()
    {
        var depth = 0;
        var inString = false;
        var at = 0;
        while (true)
        {
            var window = Input.Window;
            while (at < window.Length)
            {
                var c = window[at];
                if (inString)
                {
                    if (c == '\\')
                    {
                        at++;
                    }
                    else if (c == '"')
                    {
                        inString = false;
                    }
                }
                else if (c == '"')
                {
                    inString = true;
                }
                else if (c is (byte)'{' or (byte)'[')
                {
                    depth++;
                }
                else if (depth == 0 && c is (byte)',' or (byte)']')
                {
                    return at > 0 ? at : throw Broken("an element is missing");
                }
                else if (c is (byte)'}' or (byte)']')
                {
                    depth--;
                }

                at++;
            }

            if (!Input.Fill(_line))
            {
                throw Broken("the file ends inside the array");
            }
        }
    }

    private void Take(int bytes)
    {
        _line += Input.Window[..bytes].Count((byte)'\n');
        Input.Start += bytes;
    }

    private InputException Broken(string message) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{Name}:{_line}"), "not a valid JSON array: " + message);
}

using System.Buffers;
using System.Runtime.CompilerServices;

namespace Foretoken.Workloads.Traces.Input;

/// <summary>
/// A forward reader of one JSON text, for rows that are read by the million: values are taken straight from the bytes.
/// Strict (RFC 8259). After a mistake in the syntax <see cref="Expected"/> says what should have stood at
/// <see cref="Position"/>, and nothing more can be read. The bytes must be valid UTF-8 (the caller checks).
/// </summary>
internal ref struct JsonCursor(ReadOnlySpan<byte> text)
{
    private const int MostNesting = 128;
    private static readonly SearchValues<byte> StringStops = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Select(i => (byte)i), (byte)'"', (byte)'\\']);

    private readonly ReadOnlySpan<byte> _text = text;

    /// <summary>Where the cursor stands, from 0.</summary>
    public int Position { get; private set; }

    /// <summary>What was expected where the syntax is wrong; null while it is right.</summary>
    public string? Expected { get; private set; }

    /// <summary>Whether the syntax was right so far.</summary>
    public readonly bool Ok => Expected is null;

    /// <summary>The bytes from <paramref name="start"/> to where the cursor stands.</summary>
    public readonly ReadOnlySpan<byte> Since(int start) => _text[start..Position];

    /// <summary>The next byte that is not white space, not taken; 0 at the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte Peek()
    {
        var text = _text;
        var i = Position;
        while ((uint)i < (uint)text.Length)
        {
            var c = text[i];
            if (c > ' ')
            {
                Position = i;
                return c;
            }

            if (c is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
            {
                break;
            }

            i++;
        }

        Position = i;
        return 0;
    }

    /// <summary>Takes <paramref name="c"/> if it comes next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake(byte c)
    {
        if (Ok && Peek() == c)
        {
            Position++;
            return true;
        }

        return false;
    }

    /// <summary>Takes <paramref name="c"/>, or fails.</summary>
    public bool Take(byte c, string expected) => TryTake(c) || Fail(expected);

    /// <summary>Next key of an object whose brace was taken, and its colon; false after the closing brace.</summary>
    public bool NextKey(ref bool first, out ReadOnlySpan<byte> key)
    {
        key = default;
        if (!Ok)
        {
            return false;
        }

        if (TryTake((byte)'}'))
        {
            return false;
        }

        if (!first && !Take((byte)',', "',' or '}'"))
        {
            return false;
        }

        first = false;
        return TakeString(out key, "a key in quotes") && Take((byte)':', "':'");
    }

    /// <summary>Next element of an array whose bracket was taken: true with the cursor before it, false after the end.</summary>
    public bool NextElement(ref bool first)
    {
        if (!Ok || TryTake((byte)']'))
        {
            return false;
        }

        if (!first && !Take((byte)',', "',' or ']'"))
        {
            return false;
        }

        first = false;
        return true;
    }

    /// <summary>A string's raw content, escapes not resolved.</summary>
    public bool TakeString(out ReadOnlySpan<byte> raw, string expected = "a string")
    {
        raw = default;
        if (!Ok || Peek() != '"')
        {
            return Fail(expected);
        }

        var start = Position + 1;
        var i = start;
        while (true)
        {
            var stop = _text[i..].IndexOfAny(StringStops);
            if (stop < 0)
            {
                Position = _text.Length;
                return Fail("'\"' to end the string");
            }

            i += stop;
            var c = _text[i];
            if (c == '"')
            {
                raw = _text[start..i];
                Position = i + 1;
                return true;
            }

            if (c < 32)
            {
                Position = i;
                return Fail("no control character inside a string");
            }

            if (!Escape(ref i))
            {
                Position = Math.Min(i, _text.Length);
                return Fail("an escape like \\n or \\u0041");
            }
        }
    }

    /// <summary>
    /// A whole number from 0 to 2^64-1. False with the syntax right when another value stands there: it is passed over, and
    /// <see cref="Since"/> shows it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTakeUInt64(out ulong value)
    {
        Peek();
        var text = _text;
        var i = Position;
        ulong v = 0;
        var start = i;
        while ((uint)i < (uint)text.Length)
        {
            var digit = (uint)text[i] - '0';
            if (digit > 9)
            {
                break;
            }

            v = unchecked(v * 10 + digit);
            i++;
        }

        var digits = i - start;

        // One digit, or up to 19 that do not begin with 0 (19 cannot overflow), and nothing after that would belong to the number.
        if ((uint)(digits - 1) < 19 && (digits == 1 || text[start] != '0') && (i == text.Length || EndsNumber(text[i])))
        {
            Position = i;
            value = v;
            return true;
        }

        return TryTakeUInt64Slow(out value);
    }

    /// <summary>Passes over one value of any kind.</summary>
    public bool SkipValue(int depth = 0)
    {
        if (!Ok)
        {
            return false;
        }

        switch (Peek())
        {
            case (byte)'"':
                return TakeString(out _);
            case (byte)'{' when depth < MostNesting:
                Position++;
                var firstKey = true;
                while (NextKey(ref firstKey, out _))
                {
                    SkipValue(depth + 1);
                }

                return Ok;
            case (byte)'[' when depth < MostNesting:
                Position++;
                var firstElement = true;
                while (NextElement(ref firstElement))
                {
                    SkipValue(depth + 1);
                }

                return Ok;
            case (byte)'{' or (byte)'[':
                return Fail("at most 128 levels of nesting");
            case (byte)'t':
                return Word("true"u8);
            case (byte)'f':
                return Word("false"u8);
            case (byte)'n':
                return Word("null"u8);
            default:
                return SkipNumber();
        }
    }

    /// <summary>Fails with what was expected here; always false.</summary>
    public bool Fail(string expected)
    {
        Expected ??= expected;
        return false;
    }

    private static bool EndsNumber(byte c) => c is (byte)',' or (byte)']' or (byte)'}' or (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryTakeUInt64Slow(out ulong value)
    {
        var start = Position;
        value = 0;
        if (!SkipValue())
        {
            return false;
        }

        var raw = Since(start);
        return raw is [>= (byte)'0' and <= (byte)'9', ..]
            && System.Buffers.Text.Utf8Parser.TryParse(raw, out value, out var used) && used == raw.Length;
    }

    private bool Escape(ref int i)
    {
        i++;
        if (i >= _text.Length)
        {
            return false;
        }

        if (_text[i] == 'u')
        {
            for (var n = 1; n <= 4; n++)
            {
                if (i + n >= _text.Length || !char.IsAsciiHexDigit((char)_text[i + n]))
                {
                    return false;
                }
            }

            i += 5;
            return true;
        }

        return "\"\\/bfnrt"u8.Contains(_text[i++]);
    }

    private bool Word(ReadOnlySpan<byte> word)
    {
        if (!_text[Position..].StartsWith(word))
        {
            return Fail("a value");
        }

        Position += word.Length;
        return true;
    }

    private bool SkipNumber()
    {
        var i = Position;
        var start = i;
        if (At(i) == '-')
        {
            i++;
        }

        var whole = Digits(ref i);
        if (whole == 0)
        {
            Position = start;
            return Fail("a value");
        }

        if (whole > 1 && _text[i - whole] == '0')
        {
            return Fail("a number without leading zeros");
        }

        if (At(i) == '.')
        {
            i++;
            if (Digits(ref i) == 0)
            {
                Position = i;
                return Fail("a digit after the decimal point");
            }
        }

        if (At(i) is 'e' or 'E')
        {
            i++;
            if (At(i) is '+' or '-')
            {
                i++;
            }

            if (Digits(ref i) == 0)
            {
                Position = i;
                return Fail("a digit in the exponent");
            }
        }

        Position = i;
        return true;
    }

    private readonly char At(int i) => i < _text.Length ? (char)_text[i] : '\0';

    private readonly int Digits(ref int i)
    {
        var start = i;
        while (i < _text.Length && char.IsAsciiDigit((char)_text[i]))
        {
            i++;
        }

        return i - start;
    }
}

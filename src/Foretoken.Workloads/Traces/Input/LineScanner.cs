namespace Foretoken.Workloads.Traces.Input;

/// <summary>
/// Lines that end in LF or CR LF; the last may end without. Blank lines are passed over (and counted), a byte-order mark at
/// the start is dropped.
/// </summary>
internal sealed class LineScanner(TraceInput input) : RecordScanner(input)
{
    public override bool TryNext(out ReadOnlySpan<byte> record)
    {
        while (TryLine(out record))
        {
            if (record.ContainsAnyExcept(" \t\r\f"u8))
            {
                return true;
            }
        }

        return false;
    }

    private bool TryLine(out ReadOnlySpan<byte> line)
    {
        Line++;
        if (Line == 1)
        {
            Input.FillTo(3);
            if (Input.Window.StartsWith("\uFEFF"u8))
            {
                Input.Start += 3;
            }
        }

        var searched = 0;
        while (true)
        {
            var window = Input.Window;
            var at = window[searched..].IndexOf((byte)'\n');
            if (at >= 0)
            {
                at += searched;
                line = window[..at];
                Input.Start += at + 1;
                break;
            }

            searched = window.Length;
            if (!Input.Fill(Line))
            {
                line = Input.Window;
                Input.Start = Input.End;
                if (line.IsEmpty)
                {
                    Line--;
                    return false;
                }

                break;
            }
        }

        if (line.Length > 0 && line[^1] == '\r')
        {
            line = line[..^1];
        }

        return true;
    }
}

namespace Foretoken.Workloads.Traces.Input;

/// <summary>Dates with times of day, as nanoseconds since 1970-01-01 UTC.</summary>
internal static class CalendarTime
{
    /// <summary>
    /// Parses <c>2023-11-16 18:17:03.9799600</c>: blank or T between date and time, up to nine fractional digits, and
    /// optionally Z or an offset (+00:00, +0000, +00). Years 1970 to 2261.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long nanoseconds)
    {
        nanoseconds = 0;
        if (text.Length < 19 || text[4] != '-' || text[7] != '-' || text[10] is not ((byte)' ' or (byte)'T') || text[13] != ':' || text[16] != ':')
        {
            return false;
        }

        if (!Number(text[..4], out var year) || !Number(text.Slice(5, 2), out var month) || !Number(text.Slice(8, 2), out var day)
            || !Number(text.Slice(11, 2), out var hour) || !Number(text.Slice(14, 2), out var minute) || !Number(text.Slice(17, 2), out var second)
            || year is < 1970 or > 2261 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)
            || hour > 23 || minute > 59 || second > 59)
        {
            return false;
        }

        var rest = text[19..];
        long fraction = 0;
        if (rest is [(byte)'.', ..])
        {
            var digits = 1;
            while (digits < rest.Length && rest[digits] is >= (byte)'0' and <= (byte)'9')
            {
                if (digits > 9)
                {
                    return false;
                }

                fraction = fraction * 10 + (rest[digits] - '0');
                digits++;
            }

            if (digits == 1)
            {
                return false;
            }

            for (var i = digits; i <= 9; i++)
            {
                fraction *= 10;
            }

            rest = rest[digits..];
        }

        if (!TryOffset(rest, out var offsetMinutes))
        {
            return false;
        }

        var days = (new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc) - DateTime.UnixEpoch).Days;
        var seconds = ((days * 24L + hour) * 60 + minute - offsetMinutes) * 60 + second;
        nanoseconds = seconds * 1_000_000_000 + fraction;
        return true;
    }

    private static bool TryOffset(ReadOnlySpan<byte> text, out int minutes)
    {
        minutes = 0;
        text = text.Trim((byte)' ');
        if (text.IsEmpty || text.SequenceEqual("Z"u8))
        {
            return true;
        }

        if (text[0] is not ((byte)'+' or (byte)'-') || text.Length is not (3 or 5 or 6) || (text.Length == 6 && text[3] != ':'))
        {
            return false;
        }

        var minuteText = text.Length == 3 ? "00"u8 : text[^2..];
        if (!Number(text.Slice(1, 2), out var hours) || !Number(minuteText, out var extra) || hours > 14 || extra > 59)
        {
            return false;
        }

        minutes = (hours * 60 + extra) * (text[0] == '-' ? -1 : 1);
        return true;
    }

    private static bool Number(ReadOnlySpan<byte> digits, out int value)
    {
        value = 0;
        foreach (var c in digits)
        {
            if (c is < (byte)'0' or > (byte)'9')
            {
                return false;
            }

            value = value * 10 + (c - '0');
        }

        return true;
    }
}

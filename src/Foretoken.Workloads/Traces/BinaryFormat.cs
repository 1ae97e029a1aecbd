namespace Foretoken.Workloads.Traces;

/// <summary>
/// Foretoken's compact binary trace (.ftrace), version 2, which has classes. Layout in docs/traces.md: magic and version, records of
/// variable-length numbers in differences to the record before, a zero, the record count and a checksum.
/// </summary>
internal static class BinaryFormat
{
    public const byte CurrentVersion = 2;

    /// <summary>The oldest version that is read; it has no classes.</summary>
    public const byte OldestVersion = 1;

    /// <summary>Longest session or request name in UTF-8 bytes.</summary>
    public const int LongestName = 1 << 20;

    public const ulong ChecksumStart = 0xcbf29ce484222325;

    /// <summary>Seven fixed bytes and the version. CR LF and 0x1A show a file that was sent as text.</summary>
    public static ReadOnlySpan<byte> Magic => [(byte)'F', (byte)'T', (byte)'R', (byte)'C', 0x0D, 0x0A, 0x1A, CurrentVersion];

    /// <summary>Which fields a record has.</summary>
    [Flags]
    public enum Fields
    {
        None = 0,
        Arrival = 1,
        Delay = 2,
        Session = 4,
        Priority = 8,
        RequestId = 16,
        HashIds = 32,
        Known = 64,
        BlockTokens = 128,
        Class = 256,
        All = 511,
    }

    /// <summary>Goes on with the checksum (FNV-1a, 64 bits) over more bytes.</summary>
    public static ulong Checksum(ulong checksum, ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            checksum = unchecked((checksum ^ b) * 0x100000001b3);
        }

        return checksum;
    }

    /// <summary>A signed number as an unsigned one that is small when the number is near zero.</summary>
    public static ulong ZigZag(long value) => unchecked(((ulong)value << 1) ^ (ulong)(value >> 63));

    /// <summary>Back from <see cref="ZigZag"/>.</summary>
    public static long UnZigZag(ulong value) => unchecked((long)(value >> 1) ^ -(long)(value & 1));
}

namespace Foretoken.Fleet.Routing.Hashing;

/// <summary>A 64-bit hash that is the same on every machine (finaliser of SplitMix64).</summary>
internal static class StableHash
{
    /// <summary>Mixes a number through.</summary>
    public static ulong Of(ulong value)
    {
        unchecked
        {
            var z = value + 0x9E3779B97F4A7C15UL;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
            return z ^ (z >> 31);
        }
    }

    /// <summary>Two numbers as one.</summary>
    public static ulong Of(ulong first, ulong second) => Of(Of(first) ^ second);
}

using System.Numerics;

namespace Foretoken.Tuning.Search;

/// <summary>
/// A seeded order of the numbers below a count, without storing it: a Feistel network permutes the next power of four, and
/// numbers beyond the count are sent through again until they fall below it.
/// </summary>
internal sealed class Shuffle
{
    private const int Rounds = 6;
    private readonly long _count;
    private readonly int _half;
    private readonly ulong _mask;
    private readonly ulong _seed;

    public Shuffle(long count, ulong seed)
    {
        _count = count;
        _seed = seed;
        _half = Math.Max(1, (65 - BitOperations.LeadingZeroCount((ulong)Math.Max(0, count - 1))) / 2);
        _mask = (1UL << _half) - 1;
    }

    /// <summary>The number at this place of the order.</summary>
    public long this[long place]
    {
        get
        {
            var x = (ulong)place;
            do
            {
                x = Permute(x);
            }
            while (x >= (ulong)_count);

            return (long)x;
        }
    }

    private ulong Permute(ulong x)
    {
        unchecked
        {
            var left = x >> _half;
            var right = x & _mask;
            for (var round = 0UL; round < Rounds; round++)
            {
                var z = (right ^ (_seed + (round * 0x9E3779B97F4A7C15UL))) * 0xBF58476D1CE4E5B9UL;
                z = (z ^ (z >> 31) ^ _seed) * 0x94D049BB133111EBUL;
                (left, right) = (right, (left ^ (z >> 29)) & _mask);
            }

            return (left << _half) | right;
        }
    }
}

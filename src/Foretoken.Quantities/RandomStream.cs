using System.Numerics;
using System.Runtime.CompilerServices;

namespace Foretoken.Quantities;

/// <summary>
/// A stream of random numbers with an address: (seed, replication, <see cref="StreamId"/>, entity). The same address gives
/// the same numbers on every machine. Generator: xoshiro256** (Blackman and Vigna 2018), its state filled from the address
/// by SplitMix64. A mutable struct: hand it on by <c>ref</c>.
/// </summary>
public struct RandomStream
{
    private ulong _a;
    private ulong _b;
    private ulong _c;
    private ulong _d;

    /// <summary>The stream at the given address.</summary>
    public RandomStream(ulong seed, StreamId stream, ulong entity = 0, ulong replication = 0)
    {
        unchecked
        {
            // Each part is mixed through before the next is added: nearby addresses share nothing.
            var x = Mix(seed + 0x9E3779B97F4A7C15UL);
            x = Mix(x ^ (replication + 0xD1B54A32D192ED03UL));
            x = Mix(x ^ ((ulong)stream * 0xAEF17502108EF2D9UL));
            x = Mix(x ^ (entity + 0x8CB92BA72F3D8DD7UL));
            _a = Next(ref x);
            _b = Next(ref x);
            _c = Next(ref x);
            _d = Next(ref x);
        }
    }

    /// <summary>How many 64-bit numbers were drawn so far.</summary>
    public ulong Draws { get; private set; }

    /// <summary>64 uniform bits.</summary>
    public ulong NextUInt64()
    {
        unchecked
        {
            var result = BitOperations.RotateLeft(_b * 5, 7) * 9;
            var t = _b << 17;
            _c ^= _a;
            _d ^= _b;
            _b ^= _c;
            _a ^= _d;
            _c ^= t;
            _d = BitOperations.RotateLeft(_d, 45);
            Draws++;
            return result;
        }
    }

    /// <summary>Uniform in [0, 1), 53 bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in (0, 1): safe to take the logarithm of.</summary>
    public double NextOpenDouble() => ((NextUInt64() >> 12) + 0.5) * (1.0 / (1UL << 52));

    /// <summary>Uniform whole number in [0, <paramref name="exclusiveMax"/>), without bias (Lemire's multiply-and-reject).</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="exclusiveMax"/> is not positive.</exception>
    public int NextInt(int exclusiveMax)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(exclusiveMax);
        unchecked
        {
            var bound = (uint)exclusiveMax;
            var product = (ulong)(uint)NextUInt64() * bound;
            var low = (uint)product;
            if (low < bound)
            {
                var threshold = (0u - bound) % bound;
                while (low < threshold)
                {
                    product = (ulong)(uint)NextUInt64() * bound;
                    low = (uint)product;
                }
            }

            return (int)(product >> 32);
        }
    }

    /// <summary>Exponential with mean 1.</summary>
    public double NextExponential() => -DeterministicMath.Log(NextOpenDouble());

    /// <summary>Standard normal (inverse transform, one draw each).</summary>
    public double NextNormal() => DeterministicMath.NormalQuantile(NextOpenDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
            return z ^ (z >> 31);
        }
    }

    private static ulong Next(ref ulong x)
    {
        unchecked
        {
            x += 0x9E3779B97F4A7C15UL;
            return Mix(x);
        }
    }
}

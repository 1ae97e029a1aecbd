using System.Numerics;

namespace Foretoken.Kernel.Events;

/// <summary>
/// 64-bit rolling hash over what happened. Two runs with the same fingerprint took the same decisions; the first differing
/// one changes everything after it.
/// </summary>
public struct Fingerprint
{
    private ulong _state;

    /// <summary>The hash so far.</summary>
    public readonly ulong Value
    {
        get
        {
            unchecked
            {
                var z = _state + 0x9E3779B97F4A7C15UL;
                z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
                z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
                return z ^ (z >> 31);
            }
        }
    }

    /// <summary>Adds one number.</summary>
    public void Add(long value)
    {
        unchecked
        {
            _state = (BitOperations.RotateLeft(_state, 23) ^ (ulong)value) * 0xD6E8FEB86659FD93UL;
        }
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Foretoken.Quantities;

/// <summary>
/// Checks that stay on in release builds. A failure is a bug of ours, never a mistake of the user: it stops the run, and
/// the run loop adds seed, time and the command that repeats it.
/// </summary>
public static class Invariant
{
    /// <summary>O(1) check, always on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void That([DoesNotReturnIf(false)] bool condition, [CallerArgumentExpression(nameof(condition))] string? expression = null)
    {
        if (!condition)
        {
            Fail(expression);
        }
    }

    /// <summary>Ends the run because <paramref name="broken"/> does not hold.</summary>
    /// <exception cref="InvariantException">Always.</exception>
    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Fail(string? broken) => throw new InvariantException($"Invariant broken: {broken}");
}

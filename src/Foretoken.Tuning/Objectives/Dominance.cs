namespace Foretoken.Tuning.Objectives;

/// <summary>
/// Who beats whom. All objectives are minimised. The violation says how far a point is from keeping the constraints: 0 keeps
/// all, more is worse, positive infinity never ran.
/// </summary>
public static class Dominance
{
    /// <summary>
    /// Whether <paramref name="a"/> is nowhere worse than <paramref name="b"/> and somewhere better by more than
    /// <paramref name="epsilon"/> of b's size. With an epsilon it is still transitive (a point loses only to what is nowhere
    /// worse), so that a front does not depend on the order in which its points came.
    /// </summary>
    public static bool Dominates(ReadOnlySpan<double> a, ReadOnlySpan<double> b, double epsilon = 0)
    {
        var better = false;
        for (var k = 0; k < a.Length; k++)
        {
            if (a[k] > b[k])
            {
                return false;
            }

            better |= a[k] < b[k] && (epsilon == 0 || double.IsInfinity(b[k]) || a[k] < b[k] - (epsilon * Math.Abs(b[k])));
        }

        return better;
    }

    /// <summary>
    /// The same with constraints (K. Deb's rules of 2002): what keeps them beats what does not, of two that do not the one
    /// that misses by less wins, of two that do the objectives decide.
    /// </summary>
    public static bool Dominates(ReadOnlySpan<double> a, double violationOfA, ReadOnlySpan<double> b, double violationOfB, double epsilon = 0) =>
        violationOfA > 0 || violationOfB > 0 ? violationOfA < violationOfB : Dominates(a, b, epsilon);
}

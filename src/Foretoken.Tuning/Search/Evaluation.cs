namespace Foretoken.Tuning.Search;

/// <summary>A point that was tried.</summary>
internal sealed record Evaluation(int[] Point, double[] Objectives, double Violation)
{
    public bool Ran => !double.IsPositiveInfinity(Violation);

    public bool Keeps => Violation <= 0;
}

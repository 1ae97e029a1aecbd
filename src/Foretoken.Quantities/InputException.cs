namespace Foretoken.Quantities;

/// <summary>
/// The user's input cannot be used. Carries every problem that was found, never only the first; the command line prints
/// them one per line and ends with exit code 2. Not for bugs (see <see cref="InvariantException"/>).
/// </summary>
public sealed class InputException : Exception
{
    public InputException(IReadOnlyList<Problem> problems)
        : base(string.Join(Environment.NewLine, problems)) => Problems = problems;

    public InputException(string place, string message, string? fix = null)
        : this([new Problem(place, message, fix)])
    {
    }

    /// <summary>All problems, in the order in which a reader of the input meets them.</summary>
    public IReadOnlyList<Problem> Problems { get; }
}

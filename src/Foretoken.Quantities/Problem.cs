namespace Foretoken.Quantities;

/// <summary>
/// One mistake in what a user gave us. <paramref name="Place"/> is where it stands (a file with a line and field, a path
/// inside a scenario, an option), <paramref name="Message"/> what is wrong, <paramref name="Fix"/> what would be right.
/// </summary>
public sealed record Problem(string Place, string Message, string? Fix = null)
{
    /// <summary>The problem on one line: <c>place: message (fix)</c>.</summary>
    public override string ToString() => Fix is null ? $"{Place}: {Message}" : $"{Place}: {Message} ({Fix})";
}

namespace Foretoken.Deploy.Flags;

/// <summary>One flag of a command line with its value.</summary>
/// <param name="Flag">The flag with its dashes, or a bare word.</param>
/// <param name="Value">Its value; null for a flag that is there or not.</param>
internal sealed record Argument(string Flag, string? Value = null)
{
    /// <summary>The words of the command line.</summary>
    public IEnumerable<string> Words => Value is null ? [Flag] : [Flag, Value];
}

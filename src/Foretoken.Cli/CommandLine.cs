namespace Foretoken.Cli;

/// <summary>Command lines as text.</summary>
internal static class CommandLine
{
    /// <summary>One shell line that gives these arguments again.</summary>
    public static string Quote(IEnumerable<string> arguments) => string.Join(' ', arguments.Select(Quote));

    private static string Quote(string argument) =>
        argument.Length > 0 && argument.All(c => char.IsAsciiLetterOrDigit(c) || "-_./=:,@%+[]".Contains(c, StringComparison.Ordinal))
            ? argument
            : "'" + argument.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}

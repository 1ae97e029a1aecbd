using Foretoken.Deploy.Flags;

namespace Foretoken.Deploy.Targets;

/// <summary>Writes commands for a POSIX shell, a flag a line.</summary>
internal static class ShellQuote
{
    private const int OneLine = 100;

    /// <summary>A command with its variables, ended by a line feed.</summary>
    public static string Line(IEnumerable<string> environment, IEnumerable<Argument> arguments)
    {
        var parts = new List<string>();
        var start = true;
        foreach (var argument in arguments)
        {
            var text = string.Join(' ', argument.Words.Select(Word));
            if (start && parts.Count > 0 && (!argument.Flag.StartsWith('-') || argument.Flag is "-m" or "--model-path" or "-c"))
            {
                parts[^1] += " " + text;
            }
            else if (!argument.Flag.StartsWith('-') && parts.Count > 0)
            {
                parts[^1] += " " + text;
            }
            else
            {
                start = parts.Count == 0;
                parts.Add(text);
            }
        }

        parts[0] = string.Concat(environment.Select(e => e + " ")) + parts[0];
        var whole = string.Join(' ', parts);
        return (whole.Length <= OneLine ? whole : string.Join(" \\\n  ", parts)) + "\n";
    }

    /// <summary>A word as a shell takes it.</summary>
    public static string Word(string text) =>
        text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or ':' or '=' or ',' or '+' or '@' or '%') ? text
        : "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}

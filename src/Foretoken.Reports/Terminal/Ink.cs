namespace Foretoken.Reports.Terminal;

/// <summary>Colours where the terminal has them, plain text elsewhere. Marks are added after alignment, so widths stay right.</summary>
internal readonly struct Ink(bool colour)
{
    public string Bold(string text) => Mark("1", text);

    public string Dim(string text) => Mark("2", text);

    public string Good(string text) => Mark("32", text);

    public string Bad(string text) => Mark("1;31", text);

    public string Warn(string text) => Mark("1;33", text);

    /// <summary>Text of a user without control characters: a scenario's name must not steer the terminal.</summary>
    public static string Clean(string text) => string.Create(text.Length, text, static (span, source) =>
    {
        for (var i = 0; i < source.Length; i++)
        {
            span[i] = char.IsControl(source[i]) ? '?' : source[i];
        }
    });

    private string Mark(string code, string text) => colour && text.Length > 0 ? $"\u001b[{code}m{text}\u001b[0m" : text;
}

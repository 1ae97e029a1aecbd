namespace Foretoken.Reports.Hardware;

/// <summary>Running text broken at spaces.</summary>
internal static class Paragraph
{
    /// <summary>Writes text with every line at most <paramref name="width"/> columns wide, the later ones indented further.</summary>
    public static void Write(TextWriter to, string text, int width, string indent = "", string hanging = "")
    {
        var line = indent;
        var empty = true;
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!empty && line.Length + 1 + word.Length > width)
            {
                to.Write(line + "\n");
                line = indent + hanging;
                empty = true;
            }

            line += empty ? word : " " + word;
            empty = false;
        }

        if (!empty)
        {
            to.Write(line + "\n");
        }
    }
}

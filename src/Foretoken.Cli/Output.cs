namespace Foretoken.Cli;

/// <summary>Standard output as a stream of UTF-8 that ends quietly when its reader goes away (<c>| head</c>).</summary>
internal static class Output
{
    /// <summary>Writes text to standard output.</summary>
    public static void Write(string text)
    {
        try
        {
            Console.Out.Write(text);
            Console.Out.Flush();
        }
        catch (IOException)
        {
            // The reader has read enough. What it read is right, so the command goes on to its own exit code.
        }
    }
}

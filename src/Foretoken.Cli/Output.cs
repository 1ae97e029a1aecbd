using Foretoken.Quantities;

namespace Foretoken.Cli;

/// <summary>
/// Standard output. A reader that goes away (<c>| head</c>) has what it wanted: the runtime's console stream drops the rest
/// quietly. Anything else that keeps the result from getting out (a full disk) is told, for the output looks whole otherwise.
/// </summary>
internal static class Output
{
    /// <summary>Writes text to standard output.</summary>
    /// <exception cref="InputException">It cannot be written.</exception>
    public static void Write(string text) => Write(() =>
    {
        Console.Out.Write(text);
        Console.Out.Flush();
    });

    /// <summary>Does something that writes to standard output.</summary>
    /// <exception cref="InputException">It cannot be written.</exception>
    public static void Write(Action write)
    {
        try
        {
            write();
        }
        catch (IOException e)
        {
            throw new InputException("standard output", $"cannot be written: {e.Message}");
        }
    }
}

using Foretoken.Quantities;

namespace Foretoken.Cli.Commands;

/// <summary>Opens a text file that a command names.</summary>
internal static class InputText
{
    /// <summary>What <paramref name="read"/> makes of the file. Fails with <see cref="InputException"/> when it cannot be opened or read.</summary>
    public static T Read<T>(string path, Func<StreamReader, T> read)
    {
        try
        {
            using var text = new StreamReader(path);
            return read(text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InputException(path, File.Exists(path) || Directory.Exists(path) ? $"cannot be read: {e.Message}" : "there is no such file");
        }
    }
}

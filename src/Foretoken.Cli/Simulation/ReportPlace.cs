using Foretoken.Quantities;

namespace Foretoken.Cli.Simulation;

/// <summary>The folder that a report is to be written to, found to be writable before anything is computed.</summary>
internal sealed class ReportPlace
{
    private readonly bool _made;

    private ReportPlace(string folder, bool made)
    {
        Folder = folder;
        _made = made;
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Makes the folder if need be and tries to write to it.</summary>
    /// <exception cref="InputException">It cannot be written.</exception>
    public static ReportPlace Prepare(string folder)
    {
        var made = false;
        try
        {
            if (File.Exists(folder))
            {
                throw new InputException($"--report {folder}", "is a file, a folder was to be written there", "name a folder");
            }

            made = !Directory.Exists(folder);
            Directory.CreateDirectory(folder);
            var probe = Path.Combine(folder, $".foretoken-{Environment.ProcessId}.tmp");
            using (File.Create(probe, 1, FileOptions.DeleteOnClose))
            {
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InputException($"--report {folder}", $"cannot be written: {e.Message}", "choose a folder that you may write to");
        }

        return new ReportPlace(folder, made);
    }

    /// <summary>Takes a folder away again that was made for a report that did not come about.</summary>
    public void Abandon()
    {
        try
        {
            if (_made && !Directory.EnumerateFileSystemEntries(Folder).Any())
            {
                Directory.Delete(Folder);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The failure that led here is on its way to the user; an empty folder is no reason to hide it.
        }
    }
}

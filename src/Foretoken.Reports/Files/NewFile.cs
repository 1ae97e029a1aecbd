using Foretoken.Quantities;

namespace Foretoken.Reports.Files;

/// <summary>
/// A file that comes into being whole: written under a temporary name beside its place and renamed on <see cref="Commit"/>,
/// replacing what was there. Without a commit nothing is left. A killed process leaves only a hidden <c>.tmp</c>.
/// </summary>
public sealed class NewFile : IDisposable
{
    private readonly string _path;
    private readonly string _temporary;
    private bool _committed;

    private NewFile(string path, string temporary, FileStream stream)
    {
        _path = path;
        _temporary = temporary;
        Stream = stream;
    }

    /// <summary>Where to write.</summary>
    private FileStream Stream { get; }

    /// <summary>Opens the temporary file.</summary>
    /// <exception cref="InputException">The place cannot be written.</exception>
    public static NewFile Create(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                throw new InputException(path, "is a folder, a file was to be written there", "remove the folder or choose another place");
            }

            var temporary = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, $".{Path.GetFileName(path)}.{Environment.ProcessId}.tmp");
            return new NewFile(path, temporary, new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new InputException(path, $"cannot be written: {e.Message}", "choose a folder that you may write to");
        }
    }

    /// <summary>Makes the folder of results.</summary>
    /// <exception cref="InputException">It cannot be made.</exception>
    public static void MakeFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new InputException(folder, $"cannot be made a folder: {e.Message}", "choose a folder that you may write to");
        }
    }

    /// <summary>Writes the content and closes the file, so that a full disk shows before anything is renamed.</summary>
    /// <exception cref="InputException">It cannot be written.</exception>
    public void Write(Action<Stream> content) => Guard(() =>
    {
        content(Stream);
        Stream.Dispose();
    });

    /// <summary>Writes the next bytes of a file that comes piece by piece; <see cref="Close"/> ends it.</summary>
    /// <exception cref="InputException">They cannot be written.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        try
        {
            Stream.Write(bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(e);
        }
    }

    /// <summary>Ends a file that came piece by piece.</summary>
    /// <exception cref="InputException">The last bytes cannot be written.</exception>
    public void Close() => Guard(Stream.Dispose);

    /// <summary>Gives the file its name.</summary>
    /// <exception cref="InputException">It cannot be renamed.</exception>
    public void Commit()
    {
        Guard(() => File.Move(_temporary, _path, overwrite: true));
        _committed = true;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (_committed)
        {
            return;
        }

        // The first failure is on its way to the user; a second one here must not replace it.
        try
        {
            Stream.Dispose();
            File.Delete(_temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    private void Guard(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(e);
        }
    }

    private InputException Failed(Exception e) => new(_path, $"cannot be written: {e.Message}", "make room or choose another place");
}

using System.Formats.Tar;
using Foretoken.Quantities;
using Foretoken.Workloads.Traces.Input;

namespace Foretoken.Cli.Schedules;

/// <summary>Finds and reads the schedule traces that a user points at: files, folders, archives.</summary>
internal static class ScheduleFiles
{
    // A scenario is some hundred kilobytes; this only keeps a wrong file from filling the memory.
    private const long BytesMax = 1L << 30;

    /// <summary>Every trace under one path, read one at a time; each under the name that messages show.</summary>
    /// <exception cref="InputException">Something cannot be read.</exception>
    public static IEnumerable<(string Name, byte[] Json)> Read(string path)
    {
        if (Directory.Exists(path))
        {
            return ReadFolder(path);
        }

        if (!File.Exists(path))
        {
            throw new InputException(path, "there is no such file or folder");
        }

        return IsArchive(path) ? ReadArchive(path) : [ReadFile(path)];
    }

    private static bool IsArchive(string path) =>
        new[] { ".tar", ".tar.gz", ".tgz" }.Any(end => path.EndsWith(end, StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<(string Name, byte[] Json)> ReadFolder(string path)
    {
        var files = Guard(path, () => Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
            .Where(file => file.EndsWith(".json", StringComparison.OrdinalIgnoreCase) || IsArchive(file))
            .Order(StringComparer.Ordinal)
            .ToArray());
        if (files.Length == 0)
        {
            throw new InputException(path, "the folder has no schedule traces", "*.json or *.tar.gz");
        }

        return files.SelectMany(Read);
    }

    private static (string Name, byte[] Json) ReadFile(string path) => (path, Guard(path, () =>
    {
        using var file = File.OpenRead(path);
        return path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? Inflate(path, file) : ReadAll(path, file);
    }));

    private static IEnumerable<(string Name, byte[] Json)> ReadArchive(string path)
    {
        using var file = Guard(path, () => File.OpenRead(path));
        using var tar = Guard(path, () => OpenTar(path, file));
        using var reader = new TarReader(tar);
        var any = false;
        while (Guard(path, () => reader.GetNextEntry()) is { } entry)
        {
            if (entry.DataStream is null || !entry.Name.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            any = true;
            var name = $"{path}/{entry.Name}";
            yield return (name, Guard(path, () => ReadAll(name, entry.DataStream)));
        }

        // The archive's end may come before that of the compressed data, whose check is then still to come.
        Guard(path, () => Drain(tar));
        if (!any)
        {
            throw new InputException(path, "the archive has no schedule traces (*.json)");
        }
    }

    private static Stream OpenTar(string path, FileStream file)
    {
        if (!path.EndsWith(".tar", StringComparison.OrdinalIgnoreCase))
        {
            return new CheckedGzipStream(file);
        }

        // A tar archive ends with two blocks of zeros; one that is cut between two files would not be noticed otherwise.
        var end = new byte[1024];
        file.Seek(-Math.Min(end.Length, file.Length), SeekOrigin.End);
        var read = file.ReadAtLeast(end, end.Length, throwOnEndOfStream: false);
        file.Seek(0, SeekOrigin.Begin);
        return read == end.Length && !end.AsSpan().ContainsAnyExcept((byte)0)
            ? file
            : throw new InvalidDataException("the archive's end is missing");
    }

    private static bool Drain(Stream stream)
    {
        stream.CopyTo(Stream.Null);
        return true;
    }

    private static byte[] Inflate(string path, Stream file)
    {
        using var gzip = new CheckedGzipStream(file);
        return ReadAll(path, gzip);
    }

    private static byte[] ReadAll(string name, Stream stream)
    {
        using var memory = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            memory.Write(buffer, 0, read);
            if (memory.Length > BytesMax)
            {
                throw new InputException(name, "is larger than 1 GiB, which no schedule trace is");
            }
        }

        return memory.ToArray();
    }

    private static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException or FormatException)
        {
            throw new InputException(path, $"cannot be read: {e.Message}", "is the file complete?");
        }
    }
}

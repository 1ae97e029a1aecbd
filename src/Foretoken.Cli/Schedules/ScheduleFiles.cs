using System.Formats.Tar;
using System.IO.Compression;
using Foretoken.Quantities;

namespace Foretoken.Cli.Schedules;

/// <summary>Finds and reads the schedule traces that a user points at: files, folders, archives.</summary>
internal static class ScheduleFiles
{
    // A scenario is some hundred kilobytes; this only keeps a wrong file from filling the memory.
    private const long BytesMax = 1L << 30;

    /// <summary>Every trace under the paths, read one at a time.</summary>
    public static IEnumerable<ScheduleTrace> Read(IEnumerable<string> paths)
    {
        foreach (var path in paths)
        {
            if (Directory.Exists(path))
            {
                foreach (var trace in ReadFolder(path))
                {
                    yield return trace;
                }
            }
            else if (!File.Exists(path))
            {
                throw new InputException(path, "there is no such file or folder");
            }
            else if (IsArchive(path))
            {
                foreach (var trace in ReadArchive(path))
                {
                    yield return trace;
                }
            }
            else
            {
                yield return ReadFile(path);
            }
        }
    }

    private static bool IsArchive(string path) =>
        new[] { ".tar", ".tar.gz", ".tgz" }.Any(end => path.EndsWith(end, StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<ScheduleTrace> ReadFolder(string path)
    {
        var files = Guard(path, () => Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
            .Where(file => file.EndsWith(".json", StringComparison.OrdinalIgnoreCase) || IsArchive(file))
            .Order(StringComparer.Ordinal)
            .ToArray());
        if (files.Length == 0)
        {
            throw new InputException(path, "the folder has no schedule traces", "*.json or *.tar.gz");
        }

        return Read(files);
    }

    private static ScheduleTrace ReadFile(string path)
    {
        var bytes = Guard(path, () =>
        {
            using var file = File.OpenRead(path);
            return path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? Inflate(path, file) : ReadAll(path, file);
        });
        return ScheduleTrace.Parse(path, bytes);
    }

    private static IEnumerable<ScheduleTrace> ReadArchive(string path)
    {
        using var file = Guard(path, () => File.OpenRead(path));
        using Stream tar = path.EndsWith(".tar", StringComparison.OrdinalIgnoreCase) ? file : new GZipStream(file, CompressionMode.Decompress);
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
            yield return ScheduleTrace.Parse(name, Guard(path, () => ReadAll(name, entry.DataStream)));
        }

        if (!any)
        {
            throw new InputException(path, "the archive has no schedule traces (*.json)");
        }
    }

    private static byte[] Inflate(string path, Stream file)
    {
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
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

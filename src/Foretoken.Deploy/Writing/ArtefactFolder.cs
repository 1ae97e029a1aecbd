using System.Text;
using Foretoken.Quantities;

namespace Foretoken.Deploy.Writing;

/// <summary>
/// Files that come into being together: all are written under temporary names first and renamed when every one is there. What is there
/// already is never replaced by other content unless that is asked for.
/// </summary>
internal static class ArtefactFolder
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Writes the files.</summary>
    /// <exception cref="InputException">A file is there already, or cannot be written.</exception>
    public static void Write(string folder, IEnumerable<(string Path, string Text)> files, bool overwrite)
    {
        var all = files.Select(f => (Path: Path.Combine(folder, f.Path), Bytes: Utf8.GetBytes(f.Text))).ToList();
        Guard(folder, () =>
        {
            if (!overwrite)
            {
                var others = all.Where(f => Directory.Exists(f.Path) || (File.Exists(f.Path) && !File.ReadAllBytes(f.Path).AsSpan().SequenceEqual(f.Bytes)));
                Problem[] problems = [.. others.Select(f => new Problem(f.Path, "is there already, with other content", "--overwrite, or another folder"))];
                if (problems.Length > 0)
                {
                    throw new InputException(problems);
                }
            }

            var temporary = new List<(string From, string To)>();
            try
            {
                foreach (var (path, bytes) in all)
                {
                    Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
                    var name = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, $".{Path.GetFileName(path)}.{Environment.ProcessId}.tmp");
                    temporary.Add((name, path));
                    File.WriteAllBytes(name, bytes);
                }

                foreach (var (from, to) in temporary)
                {
                    File.Move(from, to, overwrite: true);
                }
            }
            finally
            {
                foreach (var (from, _) in temporary)
                {
                    File.Delete(from);
                }
            }
        });
    }

    private static void Guard(string folder, Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new InputException(folder, $"cannot be written: {e.Message}", "choose a folder that you may write to");
        }
    }
}

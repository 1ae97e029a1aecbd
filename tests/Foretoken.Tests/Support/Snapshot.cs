using Xunit;

namespace Foretoken.Tests.Support;

/// <summary>
/// Golden texts next to the tests, in <c>Snapshots/</c>. Run with <c>FORETOKEN_ACCEPT=1</c> to take over what is new, then
/// read the diff.
/// </summary>
public static class Snapshot
{
    /// <summary>Compares with the golden text of that name.</summary>
    public static void Match(string name, string actual) => MatchFile(Path.Combine("tests", "Foretoken.Tests", "Snapshots", name), actual);

    /// <summary>As <see cref="Match"/>, for a text that stands elsewhere in the repository.</summary>
    public static void MatchFile(string file, string actual)
    {
        var path = Repository.PathOf(file);
        if (Environment.GetEnvironmentVariable("FORETOKEN_ACCEPT") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
        }

        Assert.True(File.Exists(path), $"there is no '{file}' yet: run with FORETOKEN_ACCEPT=1 and read it");
        Assert.Equal(File.ReadAllText(path), actual);
    }
}

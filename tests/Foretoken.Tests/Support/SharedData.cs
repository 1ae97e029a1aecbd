using Xunit;

namespace Foretoken.Tests.Support;

/// <summary>Public data that some tests run on. Tests that need it skip visibly where it is absent.</summary>
public static class SharedData
{
    private static readonly string? Root = Find();

    /// <summary>Path of a file of the data set; skips the calling test where the data is not there.</summary>
    public static string Require(string relativePath)
    {
        var path = Root is null ? null : Path.Combine(Root, relativePath);
        Assert.SkipUnless(path is not null && File.Exists(path), $"shared data '{relativePath}' is not on this machine (set FORETOKEN_DATA)");
        return path!;
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("FORETOKEN_DATA") is { Length: > 0 } named)
        {
            return named;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "shared", "data");
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }
}

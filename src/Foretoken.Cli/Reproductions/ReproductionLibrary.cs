using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Cli.Reproductions;

/// <summary>Where reproductions lie, and the data that they need.</summary>
internal static class ReproductionLibrary
{
    private static readonly string Place = Path.Combine("examples", "reproductions");

    /// <summary>The folder of reproductions: below the current folder, else below the checkout that the program was built in.</summary>
    /// <exception cref="InputException">There is none.</exception>
    public static string Find()
    {
        if (Directory.Exists(Place))
        {
            return Place;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (Directory.Exists(Path.Combine(folder.FullName, Place)))
            {
                return Path.Combine(folder.FullName, Place);
            }
        }

        throw new InputException(Place, "there is no such folder", "run it in a checkout of Foretoken, or say --from FOLDER");
    }

    /// <summary>Names of all reproductions in a folder, in order.</summary>
    /// <exception cref="InputException">It cannot be read, or holds none.</exception>
    public static IReadOnlyList<string> Names(string library)
    {
        try
        {
            var names = Directory.EnumerateDirectories(library).Where(d => File.Exists(Path.Combine(d, ReproductionFile.FileName))).Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal).ToList();
            return names.Count > 0 ? names : throw new InputException(library, $"has no folder with a {ReproductionFile.FileName}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException(library, $"cannot be read: {e.Message}", "name a folder of reproductions");
        }
    }

    /// <summary>The folder of one reproduction, given by name or as a path.</summary>
    /// <exception cref="InputException">There is no such reproduction.</exception>
    public static string Folder(string name, string library)
    {
        if (File.Exists(Path.Combine(library, name, ReproductionFile.FileName)))
        {
            return Path.Combine(library, name);
        }

        if (File.Exists(Path.Combine(name, ReproductionFile.FileName)))
        {
            return name;
        }

        var names = Names(library);
        throw new InputException(name, "there is no such reproduction", NearestName.Find(name, names) is { } near ? $"did you mean {near}?" : "there are " + string.Join(", ", names));
    }

    /// <summary>Where a data file lies: beside the reproduction or in one of the folders; null when it is in none.</summary>
    public static string? Locate(string file, string folder, IEnumerable<string> data) =>
        data.Prepend(folder).Select(place => Path.Combine(place, file)).FirstOrDefault(File.Exists);
}

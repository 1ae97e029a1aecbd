using System.Text.RegularExpressions;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.House;

/// <summary>What a reader of the repository may expect of every file in it.</summary>
public sealed partial class TidyTests
{
    private static readonly string[] Texts = [".cs", ".csproj", ".props", ".targets", ".md", ".yaml", ".sh", ".json", ".mjs", ".js", ".css", ".html"];

    public static IEnumerable<string> Sources => CliProcess.Shell("git ls-files --cached --others --exclude-standard").Output
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(f => Texts.Contains(Path.GetExtension(f)) && File.Exists(Repository.PathOf(f)));

    [Fact]
    public void Files_Text_EndInOneLineFeedAndHaveNoStrayBlanks()
    {
        var bad = Sources.Where(f => !f.Contains("/Snapshots/", StringComparison.Ordinal)).Where(f => File.ReadAllText(Repository.PathOf(f)) is var text
            && (text.Contains('\r', StringComparison.Ordinal) || (text.Length > 0 && !text.EndsWith('\n')) || StrayBlank().IsMatch(text)));
        Assert.Empty(bad);
    }

    [Fact]
    public void Files_Code_HaveNoUnfinishedPlaces()
    {
        var bad = Sources.Where(f => f.EndsWith(".cs", StringComparison.Ordinal) && !f.EndsWith("TidyTests.cs", StringComparison.Ordinal))
            .Where(f => Unfinished().IsMatch(File.ReadAllText(Repository.PathOf(f))));
        Assert.Empty(bad);
    }

    [Fact]
    public void Files_All_NameNoMachinesFolders()
    {
        var bad = Sources.Where(f => !f.EndsWith("TidyTests.cs", StringComparison.Ordinal)).Where(f => MachinePath().IsMatch(File.ReadAllText(Repository.PathOf(f))));
        Assert.Empty(bad);
    }

    [Fact]
    public void Files_Code_AreShortEnoughToRead()
    {
        // A prompt to ask whether a file holds more than one idea, not a fault in itself; the bound is where asking is over.
        var bad = Sources.Where(f => f.StartsWith("src/", StringComparison.Ordinal) && f.EndsWith(".cs", StringComparison.Ordinal))
            .Where(f => File.ReadLines(Repository.PathOf(f)).Count() > 700);
        Assert.Empty(bad);
    }

    [Fact]
    public void Notices_EveryPackage_IsNamed()
    {
        var notices = File.ReadAllText(Repository.PathOf("THIRD-PARTY-NOTICES.md"));
        var packages = PackageVersion().Matches(File.ReadAllText(Repository.PathOf("Directory.Packages.props"))).Select(m => m.Groups[1].Value);
        Assert.All(packages, package => Assert.Contains(package, notices, StringComparison.Ordinal));
    }

    [Fact]
    public void Links_InThePapers_LeadSomewhere()
    {
        var broken =
            from file in Sources
            where file.EndsWith(".md", StringComparison.Ordinal)
            let folder = Path.GetDirectoryName(Repository.PathOf(file))!
            from match in Link().Matches(File.ReadAllText(Repository.PathOf(file)))
            let target = match.Groups[1].Value.Split('#')[0]
            where target.Length > 0 && !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith("mailto:", StringComparison.Ordinal) && !Path.Exists(Path.Combine(folder, target))
            select $"{file}: {target}";
        Assert.Empty(broken);
    }

    [GeneratedRegex(@"[ \t]+\n")]
    private static partial Regex StrayBlank();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b|NotImplementedException|under construction")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"(?<![\w.])/(work|home|root|Users)/")]
    private static partial Regex MachinePath();

    [GeneratedRegex("PackageVersion Include=\"([^\"]+)\"")]
    private static partial Regex PackageVersion();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}

using Foretoken.Tests.Metrics;
using Foretoken.Quantities;
using Foretoken.Reports;
using Foretoken.Metrics.Summaries;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.Reports;

public sealed class ReportFolderTests
{
    [Fact]
    public void Write_NewFolder_HoldsExactlyTheFourFiles()
    {
        using var folder = new TemporaryFolder();
        var place = folder.PathOf("deep/er");
        var result = FakeRun.Small();
        var written = ReportFolder.Write(place, result, SummaryBuilder.Build(result, SummaryBuilderTests.Context()));
        Assert.Equal(["report.html", "requests.csv", "requests.jsonl", "summary.json"], Directory.GetFiles(place).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(Directory.GetFiles(place).Order(StringComparer.Ordinal), written.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Write_Twice_GivesTheSameBytes()
    {
        using var folder = new TemporaryFolder();
        var one = folder.PathOf("one");
        var two = folder.PathOf("two");
        foreach (var place in new[] { one, two, two })
        {
            var result = FakeRun.Traffic(300, 2, 100);
            ReportFolder.Write(place, result, SummaryBuilder.Build(result, SummaryBuilderTests.Context(SummaryBuilderTests.Slo)));
        }

        Assert.All(Directory.GetFiles(one), path => Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(Path.Combine(two, Path.GetFileName(path)))));
    }

    [Fact]
    public void Write_OneFileCannotBeWritten_LeavesWhatWasThere()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("requests.jsonl"), "before");
        Directory.CreateDirectory(folder.PathOf("summary.json"));
        var result = FakeRun.Small();
        var problem = Assert.Single(Assert.Throws<InputException>(() => ReportFolder.Write(folder.Path, result, SummaryBuilder.Build(result, SummaryBuilderTests.Context()))).Problems);
        Assert.Equal(folder.PathOf("summary.json"), problem.Place);
        Assert.Equal("before", File.ReadAllText(folder.PathOf("requests.jsonl")));
        Assert.Equal(["requests.jsonl"], Directory.GetFiles(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Write_FolderIsAFile_IsAClearError()
    {
        using var folder = new TemporaryFolder();
        var place = folder.PathOf("taken");
        File.WriteAllText(place, "");
        var result = FakeRun.Small();
        Assert.Equal(place, Assert.Single(Assert.Throws<InputException>(() => ReportFolder.Write(place, result, SummaryBuilder.Build(result, SummaryBuilderTests.Context()))).Problems).Place);
    }

    [Fact]
    public void Write_OnlySome_WritesOnlyThose()
    {
        using var folder = new TemporaryFolder();
        var result = FakeRun.Small();
        ReportFolder.Write(folder.Path, result, SummaryBuilder.Build(result, SummaryBuilderTests.Context()), ReportFiles.Summary | ReportFiles.RequestsCsv);
        Assert.Equal(["requests.csv", "summary.json"], Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }
}

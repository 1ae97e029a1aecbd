using Foretoken.Metrics.Summaries;
using Foretoken.Reports.Files;
using Foretoken.Twin.Results;

namespace Foretoken.Reports.Html;

/// <summary>
/// <c>report.html</c>: one file that needs nothing else, made of a page that the build bundles (<c>web/</c>) and the run's
/// data. Stays below 3 MB for any number of requests and 1,000 replicas.
/// </summary>
public static class HtmlReport
{
    private const string Resource = "report.template.html";

    /// <summary>Writes the report to a file that appears whole or not at all.</summary>
    public static void WriteFile(RunSummary summary, RunResult result, string path)
    {
        using var file = NewFile.Create(path);
        file.Write(stream => Write(summary, result, stream));
        file.Commit();
    }

    /// <summary>Writes the report as UTF-8.</summary>
    public static void Write(RunSummary summary, RunResult result, Stream stream) =>
        PageTemplate.Write(Resource, $"{summary.ScenarioName}: Foretoken run report", json => ReportData.Write(json, summary, result), stream);
}

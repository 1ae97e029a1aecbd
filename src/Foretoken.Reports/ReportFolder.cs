using Foretoken.Quantities;
using Foretoken.Reports.Files;
using Foretoken.Reports.Html;
using Foretoken.Reports.Json;
using Foretoken.Reports.Requests;
using Foretoken.Metrics.Summaries;
using Foretoken.Twin.Results;

namespace Foretoken.Reports;

/// <summary>Which files a report folder gets.</summary>
[Flags]
public enum ReportFiles
{
    /// <summary><c>summary.json</c>.</summary>
    Summary = 1,

    /// <summary><c>requests.jsonl</c>.</summary>
    RequestsJsonLines = 2,

    /// <summary><c>requests.csv</c>.</summary>
    RequestsCsv = 4,

    /// <summary><c>report.html</c>.</summary>
    Html = 8,

    /// <summary>All of them.</summary>
    All = Summary | RequestsJsonLines | RequestsCsv | Html,
}

/// <summary>The folder of results of one run.</summary>
public static class ReportFolder
{
    /// <summary>
    /// Writes the files into <paramref name="folder"/> (made if needed). All are written under temporary names first and
    /// renamed at the end, so that an error or a kill before then leaves what was there before. Returns the paths written.
    /// </summary>
    /// <exception cref="InputException">The folder or a file cannot be written.</exception>
    public static IReadOnlyList<string> Write(string folder, RunResult result, RunSummary summary, ReportFiles files = ReportFiles.All)
    {
        NewFile.MakeFolder(folder);
        var open = new List<NewFile>();
        var paths = new List<string>();
        try
        {
            Add(ReportFiles.RequestsJsonLines, "requests.jsonl", stream => RequestFiles.WriteJsonLines(result, stream));
            Add(ReportFiles.RequestsCsv, "requests.csv", stream => RequestFiles.WriteCsv(result, stream));
            Add(ReportFiles.Html, "report.html", stream => HtmlReport.Write(summary, result, stream));
            // Last: who finds a new summary finds the rest, too.
            Add(ReportFiles.Summary, "summary.json", stream => SummaryJson.Write(summary, stream));
            foreach (var file in open)
            {
                file.Commit();
            }
        }
        finally
        {
            foreach (var file in open)
            {
                file.Dispose();
            }
        }

        return paths;

        void Add(ReportFiles which, string name, Action<Stream> write)
        {
            if (!files.HasFlag(which))
            {
                return;
            }

            var file = NewFile.Create(Path.Combine(folder, name));
            open.Add(file);
            file.Write(write);
            paths.Add(Path.Combine(folder, name));
        }
    }
}

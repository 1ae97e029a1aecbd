using System.Net;
using System.Text;
using System.Text.Json;
using Foretoken.Reports.Files;
using Foretoken.Metrics.Summaries;
using Foretoken.Twin.Results;

namespace Foretoken.Reports.Html;

/// <summary>
/// <c>report.html</c>: one file that needs nothing else, made of a page that the build bundles (<c>web/</c>) and the run's
/// data. Stays below 3 MB for any number of requests and 1,000 replicas.
/// </summary>
public static class HtmlReport
{
    private const string Resource = "report.template.html";

    private static readonly byte[] TitleMark = "__FORETOKEN_TITLE__"u8.ToArray();
    private static readonly byte[] DataMark = "__FORETOKEN_DATA__"u8.ToArray();

    /// <summary>Writes the report to a file that appears whole or not at all.</summary>
    public static void WriteFile(RunSummary summary, RunResult result, string path)
    {
        using var file = NewFile.Create(path);
        file.Write(stream => Write(summary, result, stream));
        file.Commit();
    }

    /// <summary>Writes the report as UTF-8.</summary>
    public static void Write(RunSummary summary, RunResult result, Stream stream)
    {
        ReadOnlySpan<byte> page = Page();
        var title = page.IndexOf(TitleMark);
        var data = page.IndexOf(DataMark);
        stream.Write(page[..title]);
        stream.Write(Encoding.UTF8.GetBytes(WebUtility.HtmlEncode($"{summary.ScenarioName}: Foretoken run report")));
        stream.Write(page[(title + TitleMark.Length)..data]);
        using (var json = new Utf8JsonWriter(stream))
        {
            ReportData.Write(json, summary, result);
        }

        stream.Write(page[(data + DataMark.Length)..]);
    }

    private static byte[] Page()
    {
        using var resource = typeof(HtmlReport).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException("The report page was not built into the program.");
        var bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        return bytes;
    }
}

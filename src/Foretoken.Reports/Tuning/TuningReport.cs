using Foretoken.Metrics.Summaries;
using Foretoken.Quantities;
using Foretoken.Reports.Files;
using Foretoken.Tuning.Portfolio;
using Foretoken.Tuning.Results;

namespace Foretoken.Reports.Tuning;

/// <summary>The folder of results of a study.</summary>
public static class TuningReport
{
    /// <summary>
    /// Writes <c>report.html</c>, <c>candidates.csv</c> and <c>tuning.json</c> into <paramref name="folder"/> (made if needed).
    /// All are written under temporary names first and renamed at the end, so that an error or a kill before then leaves what
    /// was there before. Returns the paths written.
    /// </summary>
    /// <param name="folder">Where to.</param>
    /// <param name="result">What the study found.</param>
    /// <param name="summaries">Runs of shortlisted candidates, by number, whose timelines the page is to show; null for none.</param>
    /// <param name="portfolio">Deployments for each class of the traffic that the page is to show; null for none.</param>
    /// <exception cref="InputException">The folder or a file cannot be written.</exception>
    public static IReadOnlyList<string> Write(string folder, TuningResult result, IReadOnlyDictionary<int, RunSummary>? summaries = null, PortfolioResult? portfolio = null)
    {
        NewFile.MakeFolder(folder);
        var open = new List<NewFile>();
        var paths = new List<string>();
        try
        {
            Add("candidates.csv", stream => CandidateCsv.Write(result, stream));
            Add("report.html", stream => TuningPage.Write(result, summaries, portfolio, stream));
            // Last: who finds a new result finds the rest, too.
            Add("tuning.json", stream => TuningResultJson.Write(result, stream));
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

        void Add(string name, Action<Stream> write)
        {
            var file = NewFile.Create(Path.Combine(folder, name));
            open.Add(file);
            file.Write(write);
            paths.Add(Path.Combine(folder, name));
        }
    }
}

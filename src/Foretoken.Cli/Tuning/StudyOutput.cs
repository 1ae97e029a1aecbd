using System.Globalization;
using Foretoken.Deploy.Documents;
using Foretoken.Deploy.Targets;
using Foretoken.Deploy.Writing;
using Foretoken.Metrics.Slo;
using Foretoken.Metrics.Summaries;
using Foretoken.Quantities;
using Foretoken.Reports.Tuning;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Portfolio;
using Foretoken.Tuning.Results;
using Foretoken.Tuning.Running;
using Foretoken.Tuning.Space;
using Foretoken.Twin;

namespace Foretoken.Cli.Tuning;

/// <summary>The folder that a study leaves: the report, and for each shortlisted candidate its scenario and what deploys it.</summary>
internal static class StudyOutput
{
    /// <summary>Writes everything; gives lines that say what was written and what could not be.</summary>
    public static IReadOnlyList<string> Write(string folder, StudyFile study, TunerOutcome outcome, TuningResult result, CandidateRunner runner, PortfolioResult? portfolio)
    {
        var said = new List<string>();
        var summaries = new Dictionary<int, RunSummary>();
        var deploy = Path.Combine(folder, "deploy");
        foreach (var number in result.Shortlist)
        {
            var candidate = outcome.Candidate(number);
            summaries.Add(number, Summary(candidate, runner));
            var own = Path.Combine(deploy, number.ToString(CultureInfo.InvariantCulture));
            ArtefactFolder.Write(own, [("scenario.yaml", YamlText.Write(candidate.Document))], overwrite: true);
            try
            {
                DeployWriter.Write(candidate.Model, DeployTargets.All, own, overwrite: true, skipped: []);
            }
            catch (InputException e)
            {
                said.Add($"candidate {number.ToString(CultureInfo.InvariantCulture)} has no launch commands: {e.Problems[0].Message}");
            }
        }

        var written = TuningReport.Write(folder, result, summaries, portfolio);
        said.Add($"wrote {string.Join(", ", written)}{(result.Shortlist.Count > 0 ? $" and {deploy}{Path.DirectorySeparatorChar}" : "")}");
        if (portfolio is not null)
        {
            said.Add($"wrote {string.Join(", ", PortfolioReport.Write(folder, portfolio))}");
        }

        return said;
    }

    private static RunSummary Summary(Candidate candidate, CandidateRunner runner) => SummaryBuilder.Build(
        runner.Play(candidate, RunAddress.Whole(0), new RunControl()),
        new SummaryContext { ScenarioName = candidate.Title, Version = ProgramVersion.Text, Seed = candidate.Model.Seed, Slo = SloMapping.ToSpec(candidate.Model.Slo) });
}

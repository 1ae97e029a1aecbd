using Foretoken.Tuning.Portfolio;
using Foretoken.Tuning.Results;

namespace Foretoken.Tests.Reports.Tuning;

/// <summary>A portfolio that nobody searched for, of a study that nobody ran.</summary>
internal static class FakePortfolio
{
    /// <summary>As many classes with a deployment each; one class means that there is no portfolio.</summary>
    public static PortfolioResult Make(TuningResult study, int classes, bool priced = true)
    {
        var finished = study.Candidates.Where(c => c.State == CandidateState.Finished).Take(classes).ToList();
        string[] names = ["chat 812/214", "long context 21,400/180", "batch 900/2,100", "agentic 6,100/90"];
        var own = finished.Select((_, i) => new TrafficClass
        {
            Name = names[i % names.Length], Requests = 4000 / (i + 1), RequestShare = 1.0 / classes, TokenShare = 1.0 / classes,
            InputTokens = 812 * (i + 1), OutputTokens = 214, Turns = 1, SharedPrefix = 0.1 * i,
        }).ToList();
        var result = new PortfolioResult { Name = study.Name, Seed = study.Seed, Objectives = study.Objectives, Classes = own, IsNamed = false, Silhouette = classes > 1 ? 0.61 : 0 };
        if (classes < 2)
        {
            return result;
        }

        var deployments = finished.Select((candidate, i) => new ClassDeployment
        {
            Class = own[i], Own = candidate, HourPrice = priced ? candidate.Gpus * 2.99 : double.NaN, MeetsSlo = true, Candidates = 128, Runs = 400,
            InShared = [.. study.Objectives.Select((_, o) => o == 0 ? 1.5 : double.NaN)],
            MissesInShared = i == 1 ? [new(study.Constraints[0], 0.25), new(study.Constraints[1], double.PositiveInfinity)] : [],
            Switch = new SwitchingCost(i, candidate.Gpus, 81.5, candidate.Gpus * 81.5, priced ? 0.4 : double.NaN, i == 0 ? [] : [("engine.tp", "2", "4")]),
        }).ToList();
        return result with
        {
            Deployments = deployments,
            Shared = new Side { Title = "4 x vllm TP4, kv_aware", Gpus = 16, HourPrice = priced ? 16 * 2.99 : double.NaN, Objectives = [.. study.Objectives.Select(_ => 1.2)], MeetsSlo = true, SloProbability = 0.93 },
            Together = new Side { Gpus = deployments.Sum(d => d.Own.Gpus), HourPrice = deployments.Sum(d => d.HourPrice), Objectives = [.. study.Objectives.Select((_, o) => o == 0 ? 1.1 : double.NaN)], MeetsSlo = true, SloProbability = 0.81 },
        };
    }
}

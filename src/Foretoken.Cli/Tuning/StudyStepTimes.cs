using Foretoken.Cli.Scenarios;
using Foretoken.Cli.Simulation;
using Foretoken.Hardware.StepTime;
using Foretoken.Tuning.Space;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Cli.Tuning;

/// <summary>Step times of candidates.</summary>
internal sealed class StudyStepTimes(string path)
{
    /// <summary>The step times of a pool, so many times as long.</summary>
    public IStepTimeSource Create(Candidate candidate, PoolModel pool, double factor)
    {
        var scaled = pool.StepTime is CoefficientsStepTimeModel c ? pool with { StepTime = c with { Deployment = c.Deployment with { TimeFactor = factor } } } : pool;
        return PlanBuilder.StepTime(new ScenarioFile(path, candidate.Model, candidate.Bound), scaled);
    }
}

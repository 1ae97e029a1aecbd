using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.OpTables;
using Foretoken.Hardware.StepTime;
using Foretoken.Hardware.StepTime.Records;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Cli.Scenarios;

/// <summary>Step times of a scenario that names a model and a GPU, with what explains them.</summary>
/// <param name="Source">The times.</param>
/// <param name="Operators">The operators that they are put together from.</param>
/// <param name="Measured">Recorded steps that correct them; null for none.</param>
internal sealed record OperatorTimes(IStepTimeSource Source, CoefficientsStepTime Operators, MeasuredStepTime? Measured)
{
    /// <summary>Reads what the scenario names and puts the times together.</summary>
    /// <exception cref="InputException">A file cannot be used, or is of another GPU, engine or model.</exception>
    public static OperatorTimes Create(ScenarioFile scenario, CoefficientsStepTimeModel model)
    {
        if (model.File is not { } named)
        {
            return Of(model.Deployment, scenario.Path);
        }

        var path = scenario.Locate(named.Path, named.PathOrigin);
        if (named.OfOperators)
        {
            var set = OperatorTableFile.Read(path);
            var gpu = model.Deployment.Gpu;
            return gpu.IsCalled(set.System)
                ? Of(model.Deployment with { Tables = set }, scenario.Path)
                : throw new InputException(path, $"was measured on {set.System}, the scenario has {gpu.Name}", "operator tables hold for the GPU that they were measured on");
        }

        var source = MeasuredStepTime.Create(model.Deployment, StepRecordFile.Read(path), path);
        return new(source, CoefficientsStepTime.Create(model.Deployment, scenario.Path), source);
    }

    /// <summary>Where the time of a step goes.</summary>
    public IReadOnlyList<StepTimeLine> Explain(in StepBatch batch) => Measured?.Explain(batch) ?? Operators.Explain(batch);

    /// <summary>What was replaced, estimated or not recorded, in sentences.</summary>
    public IReadOnlyList<string> Notes => [.. Measured?.Notes ?? [], .. Operators.Notes];

    /// <summary>Kinds of operators or steps that the measurements lack.</summary>
    public int Lacking => Notes.Count(n => n.EndsWith(": coefficients", StringComparison.Ordinal));

    private static OperatorTimes Of(Deployment deployment, string place)
    {
        var source = CoefficientsStepTime.Create(deployment, place);
        return new(source, source, null);
    }
}

using Foretoken.Hardware.Coefficients;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>Reads the <c>step_time</c> section.</summary>
internal static class StepTimeResolver
{
    /// <summary>The source, or null when something that it rests on is wrong.</summary>
    /// <param name="section">What was written.</param>
    /// <param name="targetIsWanted">Whether the scenario names a model or a GPU.</param>
    /// <param name="target">What is served on what; null when that is not said or wrong.</param>
    /// <param name="engine">The engine; null when it is wrong.</param>
    /// <param name="context">Collects problems.</param>
    /// <param name="derived">Receives what was filled in.</param>
    public static StepTimeModel? Resolve(Bound section, bool targetIsWanted, DeploymentTarget? target, EngineModel? engine, BindContext context, List<DerivedValue> derived)
    {
        if (!section.Fields.All(section.IsGood))
        {
            return null;
        }

        // Division, not multiplication by 1e-6: 20ns is then exactly the double 0.00002.
        const double PerMillisecond = 1e6;
        var written = section.IsSet(StepTimeFields.Source) ? section.Get(StepTimeFields.Source)! : null;
        switch (written ?? (targetIsWanted ? "coefficients" : "polynomial"))
        {
            case "coefficients":
                return Coefficients(section, null, written is null, targetIsWanted, target, engine, context, derived);
            case "optables":
                return Coefficients(section, StepTimeFields.OperatorFile, false, targetIsWanted, target, engine, context, derived);
            case "measured":
                return Coefficients(section, StepTimeFields.RecordFile, false, targetIsWanted, target, engine, context, derived);
            case "fixed":
                return new FixedStepTimeModel(section.Get(StepTimeFields.FixedPrefill), section.Get(StepTimeFields.FixedDecode));
            case "linear":
                return new LinearStepTimeModel(
                    section.Get(StepTimeFields.PrefillBase) / PerMillisecond,
                    section.Get(StepTimeFields.PrefillPerToken) / PerMillisecond,
                    section.Get(StepTimeFields.PrefillPerArea) / PerMillisecond,
                    section.Get(StepTimeFields.DecodeBase) / PerMillisecond,
                    section.Get(StepTimeFields.DecodePerRequest) / PerMillisecond,
                    section.Get(StepTimeFields.DecodePerContextToken) / PerMillisecond);
            case "table":
                return new TableStepTimeModel(section.Get(StepTimeFields.TablePath)!, section.PlaceOf(StepTimeFields.TablePath));
            default:
                return new PolynomialStepTimeModel();
        }
    }

    private static CoefficientsStepTimeModel? Coefficients(
        Bound section, Field<string>? file, bool byDefault, bool targetIsWanted, DeploymentTarget? target, EngineModel? engine, BindContext context, List<DerivedValue> derived)
    {
        if (!targetIsWanted)
        {
            context.Add(section.PlaceOf(StepTimeFields.Source), section.PathOf(StepTimeFields.Source), $"{(file is null ? "coefficients" : section.Get(StepTimeFields.Source)!)} need to know what is served on what", "add model: and gpu:, or choose another source");
        }

        if (target is null || engine?.MemorySettings is not { } memory)
        {
            return null;
        }

        if (byDefault)
        {
            derived.Add(new(section.PathOf(StepTimeFields.Source), "coefficients", "default with a model and a GPU: operator formulas and fitted coefficients (docs/hardware.md)"));
        }

        return new CoefficientsStepTimeModel(new Deployment
        {
            Model = target.Shape,
            Gpu = target.Gpu,
            Engine = target.Engine,
            EngineVersion = target.VersionText,
            Layout = target.Layout,
            Exchange = target.Exchange,
            ExpertKernels = ExpertExchanges.Kernels(target.Engine, target.Exchange),
            KvBytesPerNumber = target.KvBytesPerNumber,
            Eager = memory.Eager,
            MaxBatchedTokens = memory.MaxBatchedTokens,
            MaxSequences = memory.MaxSequences,
            GraphBatch = target.Engine == Hardware.Memory.EngineKind.Sglang ? memory.GraphBatch : null,
            ExpertDtype = target.ExpertDtype,
            ExpertSkew = section.Has(StepTimeFields.ExpertSkew) ? section.Get(StepTimeFields.ExpertSkew) : StepTimeFields.ExpertSkew.Default,
            Speculation = engine.Drafting,
        }, file is null ? null : new MeasurementFile(file == StepTimeFields.OperatorFile, section.Get(file)!, section.PlaceOf(file)));
    }
}

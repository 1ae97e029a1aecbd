using Foretoken.Hardware.Coefficients;
using Foretoken.Quantities;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>Reads the <c>frontend</c> section. Beside coefficients its defaults are the measured ones of the engine's release.</summary>
internal static class FrontendResolver
{
    public static FrontendTimes Resolve(Bound section, DeploymentTarget? target, StepTimeModel stepTime, List<DerivedValue> derived)
    {
        var times = new FrontendTimes
        {
            Request = section.Get(FrontendFields.Request),
            PerPromptToken = section.Get(FrontendFields.PerPromptToken),
            Response = section.Get(FrontendFields.Response),
        };
        if (target is null || stepTime is not CoefficientsStepTimeModel)
        {
            return times;
        }

        // What was measured is the sum of both ways: all of it is put before the queue, unless the user parts it.
        var measured = Calibration.BuiltIn.Of(target.EngineName, target.VersionText);
        if (!section.IsSet(FrontendFields.Request) && !section.IsSet(FrontendFields.Response))
        {
            times = times with { Request = Filled(FrontendFields.Request, measured.FrontendMs * 1e6, "both ways together") };
        }

        return section.IsSet(FrontendFields.PerPromptToken)
            ? times
            : times with { PerPromptToken = Filled(FrontendFields.PerPromptToken, measured.FrontendTokenUs * 1e3, "tokenisation") };

        SimDuration Filled(Field<SimDuration> field, double nanoseconds, string what)
        {
            var time = new SimDuration((long)Math.Round(nanoseconds));
            derived.Add(new(section.PathOf(field), field.Type is FieldType<SimDuration> type ? type.Show(time) : "", $"default beside coefficients: {what}, as measured for {target.EngineName} (docs/accuracy.md)"));
            return time;
        }
    }
}

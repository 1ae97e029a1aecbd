using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.Memory;
using Foretoken.Hardware.Models;
using Foretoken.Quantities;

namespace Foretoken.Hardware.StepTime.Records;

/// <summary>What the steps of a file were measured on.</summary>
/// <param name="Engine">vllm, sglang or trtllm.</param>
/// <param name="EngineVersion">Its release; empty when it is not told.</param>
/// <param name="Model">The model as scenarios name it.</param>
/// <param name="Gpu">The GPU as scenarios name it.</param>
/// <param name="Layout">Ranks of one replica.</param>
/// <param name="Source">Who measured, where and when; for people.</param>
public sealed record StepRecordHeader(string Engine, string EngineVersion, string Model, string Gpu, ParallelLayout Layout, string Source)
{
    /// <summary>Everything in which a deployment differs from what was measured. The release may differ; a note says it.</summary>
    /// <param name="deployment">What times are wanted of.</param>
    /// <param name="place">The file, for messages.</param>
    public IEnumerable<Problem> Mismatches(Deployment deployment, string place)
    {
        foreach (var (what, measured, wanted) in new[]
        {
            ("engine", Engine, FitLookup.Backend(deployment.Engine)),
            ("model", ModelCatalogue.BuiltIn.Find(Model)?.Shape.Name ?? Model, deployment.Model.Name),
            ("gpu", Gpus.GpuCatalogue.BuiltIn.Find(Gpu)?.Name ?? Gpu, deployment.Gpu.Name),
            ("tensor_parallel", Text(Layout.TensorParallel), Text(deployment.Layout.TensorParallel)),
            ("pipeline_parallel", Text(Layout.PipelineParallel), Text(deployment.Layout.PipelineParallel)),
            ("attention_data_parallel", Text(Layout.AttentionDataParallel), Text(deployment.Layout.AttentionDataParallel)),
            ("expert_parallel", Text(Layout.ExpertParallel), Text(deployment.Layout.ExpertParallel)),
        })
        {
            if (Catalogue.Key(measured) != Catalogue.Key(wanted))
            {
                yield return new Problem($"{place}: {what}", $"was measured with {measured}, the scenario has {wanted}", "records hold for what they were measured on");
            }
        }
    }

    private static string Text(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

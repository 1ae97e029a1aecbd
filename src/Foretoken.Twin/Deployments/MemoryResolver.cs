using System.Globalization;
using Foretoken.Hardware.Memory;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Deployments;

/// <summary>Works out what fits, with every problem at the key that it belongs to.</summary>
/// <param name="target">What is served on what.</param>
/// <param name="root">The scenario, for the places of its layout.</param>
/// <param name="engine">The engine section.</param>
/// <param name="fraction">The engine's flag for its share of memory.</param>
/// <param name="blockSize">The engine's flag for its blocks.</param>
/// <param name="blocks">The engine's flag for a number of blocks or tokens that is given.</param>
/// <param name="context">Collects problems.</param>
internal sealed class MemoryResolver(DeploymentTarget target, Bound root, Bound engine, Field fraction, Field blockSize, Field blocks, BindContext context)
{
    /// <summary>The plan, or null when the model does not fit.</summary>
    public MemoryPlan? Plan(EngineMemory memory)
    {
        try
        {
            return MemoryModel.Plan(target.Shape, target.Gpu.MemoryBytes, target.Layout, memory, "");
        }
        catch (InputException e)
        {
            foreach (var problem in e.Problems)
            {
                var (bound, field) = problem.Place switch
                {
                    ".memory_fraction" => (engine, fraction),
                    ".block_size" => (engine, blockSize),
                    ".kv_blocks" => (engine, blocks),
                    var layout => (root, (Field)LayoutField(layout)),
                };
                context.Add(bound.PlaceOf(field), bound.PathOf(field), problem.Message, problem.Fix);
            }

            return null;
        }
    }

    /// <summary>The scenario's key for a problem of the layout.</summary>
    public static Field<int?> LayoutField(string place) => place switch
    {
        ".pipeline_parallel" => ModelFields.PipelineParallel,
        ".attention_data_parallel" => ModelFields.DataParallel,
        ".expert_parallel" => ModelFields.ExpertParallel,
        ".decode_context_parallel" => ModelFields.DecodeContextParallel,
        _ => ModelFields.TensorParallel,
    };

    /// <summary>How the number of blocks comes about, in a line.</summary>
    public static string Formula(MemoryPlan plan) => string.Create(CultureInfo.InvariantCulture,
        $"memory left for the KV cache / bytes of a block = {plan.KvBytes} / {plan.Pool.BytesPerBlock}; the sum stands below");
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Memory;
using Foretoken.Hardware.Models;
using Foretoken.Reports.Terminal;

namespace Foretoken.Reports.Hardware;

/// <summary><c>foretoken models memory</c>: what one GPU holds, line by line.</summary>
public static class MemoryReport
{
    private static readonly long[] Lengths = [2048, 8192, 32768, 131072];

    /// <summary>The sum for people.</summary>
    public static string Render(ModelShape model, Gpu gpu, ParallelLayout layout, EngineMemory engine, MemoryPlan plan, int width, bool colour)
    {
        var ink = new Ink(colour);
        using var to = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        to.WriteLine(ink.Bold(Ink.Clean($"{model.Name} on {layout.Gpus} x {gpu.Name}, {Name(engine.Kind)}")));
        Paragraph.Write(to, $"TP {layout.TensorParallel}, PP {layout.PipelineParallel}, attention DP {layout.AttentionDataParallel}, EP {layout.ExpertParallel}; weights {model.Quantisation}, KV cache {(engine.KvBytesPerNumber == 1 ? "fp8" : "bf16")}", width);
        to.WriteLine();
        to.WriteLine(ink.Bold("One GPU" + (layout.PipelineParallel > 1 ? $" of stage {plan.Stage}, the tightest" : "")));
        for (var i = 0; i < plan.Lines.Count; i++)
        {
            var line = plan.Lines[i];
            var last = i == plan.Lines.Count - 1;
            var text = $"  {line.Name,-28}{line.Bytes / (double)(1L << 30),9:F3} GiB";
            to.WriteLine(last ? ink.Bold(text) : text);
            Paragraph.Write(to, line.Formula + (last ? "" : $"  [{line.Source}]"), width, "      ");
        }

        to.WriteLine();
        var perToken = plan.Pool.BytesPerBlock / (double)plan.Pool.BlockSize;
        var copies = layout.AttentionDataParallel;
        var tokens = plan.Pool.Groups == 1 ? plan.Blocks * plan.Pool.BlockSize : 0;
        if (tokens > 0)
        {
            to.WriteLine($"Room for {Whole(tokens)} tokens of context{(copies > 1 ? $" in each of {copies} copies" : "")} ({Whole(perToken)} B per token and GPU). At once:");
            foreach (var length in Lengths.Where(l => model.MaxContext == 0 || l <= model.MaxContext))
            {
                to.WriteLine($"  {Whole(length),9} tokens each  {Whole(tokens / length * copies),8} requests");
            }
        }
        else
        {
            Paragraph.Write(to, $"{Whole(plan.Blocks)} blocks: {plan.Pool.Groups} groups of {plan.Pool.LayersPerGroup} layers share the blocks; windows and states hold a bounded number of them per request.", width);
        }

        foreach (var note in plan.Notes)
        {
            Paragraph.Write(to, "Note: " + note, width);
        }

        return to.ToString();
    }

    /// <summary>The sum for programs: shape in docs/hardware.md.</summary>
    public static string Json(ModelShape model, Gpu gpu, ParallelLayout layout, EngineMemory engine, MemoryPlan plan)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteString("schema_version", CatalogueJson.SchemaVersion);
            json.WriteString("model", model.Name);
            json.WriteString("gpu", gpu.Name);
            json.WriteString("engine", Name(engine.Kind));
            json.WriteNumber("tensor_parallel", layout.TensorParallel);
            json.WriteNumber("pipeline_parallel", layout.PipelineParallel);
            json.WriteNumber("attention_data_parallel", layout.AttentionDataParallel);
            json.WriteNumber("expert_parallel", layout.ExpertParallel);
            json.WriteNumber("stage", plan.Stage);
            json.WriteNumber("weight_bytes", plan.WeightBytes);
            json.WriteNumber("kv_bytes", plan.KvBytes);
            json.WriteNumber("kv_blocks", plan.Blocks);
            json.WriteNumber("block_size", plan.Pool.BlockSize);
            json.WriteNumber("bytes_per_block", plan.Pool.BytesPerBlock);
            json.WriteNumber("layer_groups", plan.Pool.Groups);
            json.WriteStartArray("lines");
            foreach (var line in plan.Lines)
            {
                json.WriteStartObject();
                json.WriteString("name", line.Name);
                json.WriteString("formula", line.Formula);
                json.WriteNumber("bytes", line.Bytes);
                json.WriteString("source", line.Source);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("notes");
            foreach (var note in plan.Notes)
            {
                json.WriteStringValue(note);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static string Name(EngineKind kind) => kind switch
    {
        EngineKind.Vllm => "vLLM",
        EngineKind.Sglang => "SGLang",
        _ => "TensorRT-LLM",
    };

    private static string Whole(double value) => value.ToString("#,0.##", CultureInfo.InvariantCulture);
}

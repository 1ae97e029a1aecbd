using System.Text.Json;
using Foretoken.Cli.Commands;
using Foretoken.Hardware.Memory;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.Cli;

public class CatalogueCommandTests
{
    private const string Tiny = """
        {"architectures": ["LlamaForCausalLM"], "num_hidden_layers": 2, "hidden_size": 8, "num_attention_heads": 4,
         "num_key_value_heads": 2, "intermediate_size": 16, "vocab_size": 10}
        """;

    [Fact]
    public void List_At80Columns_FitsAndNamesEach()
    {
        var gpus = GpusCommand.List([], null, json: false, 80, colour: false);
        var models = ModelsCommand.List([], null, json: false, 80, colour: false);
        Assert.All((gpus + models).Split('\n'), line => Assert.True(line.Length <= 80, line));
        Assert.Contains("mi300x", gpus, StringComparison.Ordinal);
        Assert.Contains("DeepSeek-V4-Pro", models, StringComparison.Ordinal);
    }

    [Fact]
    public void Prices_Filtered_AreListedWithDayAndSource()
    {
        var spot = PricesCommand.List(["h100-sxm", "spot"], null, json: false, 80, colour: false);
        Assert.All(spot.Split('\n'), line => Assert.True(line.Length <= 80, line));
        Assert.Contains("us-central1", spot, StringComparison.Ordinal);
        Assert.DoesNotContain("on_demand", spot, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(PricesCommand.List(["aws", "h200"], null, json: true, 80, colour: false));
        Assert.All(json.RootElement.GetProperty("prices").EnumerateArray(), p => Assert.Equal("2026-08-06", p.GetProperty("date").GetString()));
        Assert.Throws<InputException>(() => PricesCommand.List(["abacus"], null, json: false, 80, colour: false));
    }

    [Fact]
    public void Explain_EveryEntry_FitsIn80Columns()
    {
        foreach (var gpu in Foretoken.Hardware.Gpus.GpuCatalogue.BuiltIn.All)
        {
            Assert.All(GpusCommand.Explain(gpu.Name, null, json: false, 80, colour: false).Split('\n'), line => Assert.True(line.Length <= 110, line));
        }

        foreach (var model in Foretoken.Hardware.Models.ModelCatalogue.BuiltIn.All)
        {
            Assert.All(ModelsCommand.Explain(model.Name, null, json: false, 80, colour: false).Split('\n'), line => Assert.True(line.Length <= 80, line));
        }
    }

    [Fact]
    public void List_Filtered_HoldsAllWords()
    {
        using var json = JsonDocument.Parse(GpusCommand.List(["nvidia", "h"], null, json: true, 80, colour: false));
        var names = json.RootElement.GetProperty("gpus").EnumerateArray().Select(g => g.GetProperty("name").GetString()).ToList();
        Assert.Contains("h100-sxm", names);
        Assert.DoesNotContain("mi300x", names);
        Assert.Throws<InputException>(() => GpusCommand.List(["abacus"], null, json: false, 80, colour: false));
    }

    [Fact]
    public void Explain_WrongName_SuggestsTheNearest()
    {
        Assert.Contains("did you mean h100-sxm?", Assert.Throws<InputException>(() => GpusCommand.Explain("h100-sxn", null, json: false, 80, colour: false)).Problems[0].Fix, StringComparison.Ordinal);
        Assert.Contains("did you mean Qwen/Qwen3-32B?", Assert.Throws<InputException>(() => ModelsCommand.Explain("Qwen/Qwen3-32", null, json: false, 80, colour: false)).Problems[0].Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void Catalogue_AddsAndOverrides_WithItsPlaceAsSource()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "tiny.json"), Tiny);
        var file = Path.Combine(folder.Path, "mine.yaml");
        File.WriteAllText(file, """
            gpus:
              - name: h100-sxm
                bandwidth: 3.2TB/s
                source: measured here
              - {name: half, like: h200-sxm, memory: 70GiB}
            models:
              - {name: me/tiny, config: tiny.json}
            """);
        var changed = GpusCommand.Explain("h100", file, json: true, 80, colour: false);
        using var json = JsonDocument.Parse(changed);
        var bandwidth = json.RootElement.GetProperty("gpus")[0].GetProperty("figures").GetProperty("bandwidth_gbs");
        Assert.Equal(3200, bandwidth.GetProperty("value").GetDouble());
        Assert.Equal($"measured here, {file}:3:16", bandwidth.GetProperty("source").GetString());
        Assert.Contains("recalled", changed, StringComparison.Ordinal); // What was not changed keeps its source.
        using var half = JsonDocument.Parse(GpusCommand.Explain("half", file, json: true, 80, colour: false));
        Assert.Equal(70L << 30, half.RootElement.GetProperty("gpus")[0].GetProperty("memory_bytes").GetInt64());
        Assert.Contains("me/tiny", ModelsCommand.Explain("tiny", file, json: false, 80, colour: false), StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_FitsIn80ColumnsAndEndsInBlocks()
    {
        var layout = new ParallelLayout { TensorParallel = 4 };
        var text = ModelMemoryCommand.Run("Llama-3.1-70B", "h100", "vllm", "bf16", "newest", layout, null, null, null, null, json: false, 80, colour: false);
        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= 80, line));
        using var json = JsonDocument.Parse(ModelMemoryCommand.Run("Llama-3.1-70B", "h100", "vllm", "bf16", "newest", layout, null, null, null, null, json: true, 80, colour: false));
        var lines = json.RootElement.GetProperty("lines").EnumerateArray().Select(l => l.GetProperty("bytes").GetInt64()).ToList();
        Assert.Equal(lines[^1], lines.SkipLast(1).Sum());
        Assert.Equal(lines[^1] / json.RootElement.GetProperty("bytes_per_block").GetInt64(), json.RootElement.GetProperty("kv_blocks").GetInt64());
    }

    [Fact]
    public void Memory_ManyMistakes_NamesEachOption()
    {
        var problems = Assert.Throws<InputException>(() => ModelMemoryCommand.Run("nobody/nothing", "h10", "best", "fp7", "soon", new ParallelLayout(), null, 0, null, null, json: false, 80, colour: false)).Problems;
        Assert.Equal(["--gpu", "--engine", "--kv-cache-dtype", "--engine-version", "--max-num-seqs", "models"], problems.Select(p => p.Place));
        problems = Assert.Throws<InputException>(() => ModelMemoryCommand.Run("Llama-3.1-70B", "h100", "vllm", "bf16", "newest", new ParallelLayout { TensorParallel = 3 }, null, null, 1.5, null, json: false, 80, colour: false)).Problems;
        Assert.Equal(["--tensor-parallel", "--tensor-parallel", "--memory-fraction"], problems.Select(p => p.Place));
    }

    [Fact]
    public void Catalogue_ManyMistakes_NamesEachWithItsPlace()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "bad.yaml");
        File.WriteAllText(file, """
            gpus:
              - {name: new, bandwidth: 3TB/s}
              - {name: x, like: h1000-sxm}
              - {name: h100-sxm, memory: 80, bf16_tflop: 3, power_watts: -1}
              - {name: half, like: h200, memory: 70GiB, usable_memory: 71GiB}
              - {like: h100}
            models:
              - {name: m, config: nowhere.json}
            cpus: []
            """);
        var problems = Assert.Throws<InputException>(() => GpusCommand.List([], file, json: false, 80, colour: false)).Problems;
        Assert.Equal(
            [
                $"{file}:2:5: gpus[0]", $"{file}:2:5: gpus[0]", $"{file}:3:21: gpus[1].like", $"{file}:4:30: gpus[2].memory", $"{file}:4:34: gpus[2].bf16_tflop",
                $"{file}:4:62: gpus[2].power_watts", $"{file}:5:60: gpus[3].usable_memory", $"{file}:6:5: gpus[4]", $"{file}:9:1: cpus", Path.Combine(folder.Path, "nowhere.json"),
            ],
            problems.Select(p => p.Place));
    }
}

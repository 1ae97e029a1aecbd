using Foretoken.Cli.Scenarios;
using Foretoken.Cli.Simulation;
using Foretoken.Hardware.OpTables;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Twin;
using Foretoken.Twin.Results;
using Xunit;

namespace Foretoken.Tests.ScenarioFiles;

/// <summary>Scenarios whose step times rest on files of measurements.</summary>
public sealed class MeasurementScenarioTests : IDisposable
{
    private const string Llama = "model: meta-llama/Llama-3.1-8B\ngpu: h100-sxm\nengine: {kind: vllm}\nworkload: {requests: 20, input_tokens: 200, output_tokens: 20, arrivals: {rate: 10}}\n";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Run_WithOperatorTables_UsesThemAndNamesWhatTheyLack()
    {
        Tables("h100_sxm", us: 1000);
        var file = Load(Llama + "step_time: {source: optables, file: t.ftop}");
        using var slow = PlanBuilder.Build(file);
        using var plain = PlanBuilder.Build(Load(Llama));
        Assert.Equal("optables", slow.Plan.Pools[0].StepTime.Name);

        // A millisecond for one of the four products of each of the 32 layers.
        Assert.True(TwinRun.Run(slow.Plan).End > TwinRun.Run(plain.Plan).End);
        var text = ScenarioText.Explain(file);
        Assert.Contains("operator tables lack attention, decode, of 32 heads of 128 over 8 in bfloat16: coefficients", text, StringComparison.Ordinal);
        Assert.StartsWith("Step times: optables, t.ftop; what it lacks (", DeploymentText.Headline(file)[1], StringComparison.Ordinal);
        Assert.Contains("named by scenario explain): coefficients of h100-sxm", DeploymentText.Headline(file)[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Build_WithTablesOfAnotherGpu_IsAProblem()
    {
        Tables("b200_sxm", us: 10);
        Assert.Contains("was measured on b200_sxm, the scenario has h100-sxm", Problem(Llama + "step_time: {source: optables, file: t.ftop}"), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_WithRecordedSteps_TakesTheirTimes()
    {
        File.WriteAllText(_folder.PathOf("s.jsonl"), """
            {"foretoken_steps": 1, "engine": "vllm", "model": "meta-llama/Llama-3.1-8B", "gpu": "h100-sxm"}
            {"ms": 100, "decode": 4, "context": 840}
            """);
        var file = Load(Llama + "step_time: {source: measured, file: s.jsonl}");
        using var run = PlanBuilder.Build(file);
        Assert.Equal("measured", run.Plan.Pools[0].StepTime.Name);
        Assert.Equal(StopReason.Completed, TwinRun.Run(run.Plan).StopReason);
        var text = ScenarioText.Explain(file);
        Assert.Contains("recorded steps against coefficients", text, StringComparison.Ordinal);
        Assert.Contains("no step that computes prompts was recorded: coefficients", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("step_time: {source: optables, file: none.ftop}", "there is no such file")]
    [InlineData("step_time: {source: measured, file: none.jsonl}", "there is no such file")]
    [InlineData("step_time: {source: optables}", "file")]
    [InlineData("step_time: {source: measured, path: x}", "path")]
    public void Build_WithoutTheFile_IsAProblem(string line, string message) => Assert.Contains(message, Problem(Llama + line), StringComparison.Ordinal);

    [Fact]
    public void Load_WithoutModelAndGpu_SaysWhatIsNeeded() =>
        Assert.Contains("optables need to know what is served on what", Problem("step_time: {source: optables, file: t.ftop}"), StringComparison.Ordinal);

    private string Problem(string yaml) => Assert.Throws<InputException>(() => PlanBuilder.Build(Load(yaml))).Message;

    private void Tables(string system, double us)
    {
        var builder = new OperatorTableBuilder(OperatorKind.Gemm, "vllm", "0.19.0");
        builder.Add(["bfloat16"], [4096, 4096], 0, 1, us);
        using var stream = File.Create(_folder.PathOf("t.ftop"));
        OperatorTableFile.Write(stream, new OperatorTableSet(system, [builder.Build()]));
    }

    private ScenarioFile Load(string yaml)
    {
        File.WriteAllText(_folder.PathOf("s.yaml"), yaml);
        return ScenarioFile.Load(_folder.PathOf("s.yaml"));
    }
}

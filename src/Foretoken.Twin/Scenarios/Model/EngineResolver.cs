using Foretoken.Hardware.Memory;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>Turns the <c>engine</c> section into settings, by the rules of the engine that it names.</summary>
internal static class EngineResolver
{
    /// <summary>The validated engine, or null when something that it rests on is wrong.</summary>
    /// <param name="root">The scenario.</param>
    /// <param name="version">The engine's release.</param>
    /// <param name="target">What is served on what; null when the scenario does not say.</param>
    /// <param name="context">Collects problems.</param>
    public static EngineModel? Resolve(Bound root, EngineVersion version, DeploymentTarget? target, BindContext context)
    {
        var engine = root.Get(ScenarioFields.Engine)!;
        if (!engine.IsGood(EngineFields.Kind))
        {
            return null;
        }

        return engine.Get(EngineFields.Kind) switch
        {
            "sglang" => new SgLangResolver(root, engine, version, target, context).Resolve(),
            "trtllm" => new TrtLlmResolver(root, engine, version, target, context).Resolve(),
            _ => new VllmResolver(root, engine, version, target, context).Resolve(),
        };
    }
}

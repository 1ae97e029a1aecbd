using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>Turns the <c>engine</c> section into settings, by the rules of the engine that it names.</summary>
internal static class EngineResolver
{
    /// <summary>The validated engine, or null when something that it rests on is wrong.</summary>
    public static EngineModel? Resolve(Bound engine, Bound model, Bound hardware, BindContext context)
    {
        if (!engine.IsGood(EngineFields.Kind))
        {
            return null;
        }

        return engine.Get(EngineFields.Kind) switch
        {
            "sglang" => new SgLangResolver(engine, hardware, context).Resolve(),
            _ => new VllmResolver(engine, model, hardware, context).Resolve(),
        };
    }
}

using Foretoken.Hardware.Coefficients.Operators;

namespace Foretoken.Hardware.Coefficients;

/// <summary>Operators that take no longer than physics asks for; with overheads of zero a step of them is a bound for every engine.</summary>
internal sealed class BoundOperators(IOperators inner) : IOperators
{
    public SystemFigures Figures => inner.Figures;

    public double SendUs => 0;

    public IProduct Product(string what, string dtype, double weightBytes, double n, double k, bool fusedQuantisation = false) =>
        new BoundProduct(inner.Product(what, dtype, weightBytes, n, k, fusedQuantisation));

    public IRoutedExperts Experts(in ExpertShape shape) => new BoundExperts(inner.Experts(shape));

    public IDecodeAttention Generation(in HeadShape heads) => new BoundDecode(inner.Generation(heads));

    public IPromptAttention Context(in HeadShape heads) => new BoundPrompt(inner.Context(heads), heads.Window);

    public IDecodeAttention LatentGeneration(in LatentShape shape) => new BoundDecode(inner.LatentGeneration(shape));

    public IPromptAttention LatentContext(in LatentShape shape) => new BoundPrompt(inner.LatentContext(shape), 0);

    public ICollective Collective(string operation, int ranks, bool custom, int domain) => new BoundCollective(inner.Collective(operation, ranks, custom, domain));

    public ITokenWay Way(ExpertExchange kind, bool isDispatch, bool leavesDomain) => new BoundWay(inner.Way(kind, isDispatch, leavesDomain));

    // Nothing is claimed about kernels that are only estimated.
    public LinearAttentionKernel? Linear(double heads, double keyDim, double valueDim, double stateBytes) => null;

    public Indexer? Indexer(double width, double bytesPerToken, double tokensPerKey) => null;

    private sealed class BoundProduct(IProduct inner) : IProduct
    {
        public double N => inner.N;

        public double K => inner.K;

        public double Us(double m) => inner.BoundUs(m);

        public double BoundUs(double m) => inner.BoundUs(m);
    }

    private sealed class BoundExperts(IRoutedExperts inner) : IRoutedExperts
    {
        public double Us(double tokens) => inner.BoundUs(tokens);

        public double BoundUs(double tokens) => inner.BoundUs(tokens);
    }

    private sealed class BoundDecode(IDecodeAttention inner) : IDecodeAttention
    {
        public double Us(double requests, double context, double queries) => inner.BoundUs(requests, context, queries);

        public double BoundUs(double requests, double context, double queries) => inner.BoundUs(requests, context, queries);
    }

    private sealed class BoundPrompt(IPromptAttention inner, double window) : IPromptAttention
    {
        public double Window => window;

        public double Us(in ContextWork work) => inner.BoundUs(work);

        public double BoundUs(in ContextWork work) => inner.BoundUs(work);
    }

    private sealed class BoundWay(ITokenWay inner) : ITokenWay
    {
        public double Us(double near, double far) => inner.BoundUs(near, far);

        public double BoundUs(double near, double far) => inner.BoundUs(near, far);
    }

    private sealed class BoundCollective(ICollective inner) : ICollective
    {
        public double Us(double bytes) => inner.BoundUs(bytes);

        public double BoundUs(double bytes) => inner.BoundUs(bytes);
    }
}

export { fill } from './catalogue/runbook-rules.js';
export { parameterPatterns, parseRunbook } from './catalogue/runbook.js';
export type { DigestedRunbook, Expect, FactSource, Install, Invocation, Runbook, Step } from './catalogue/runbook.js';
export { loadCatalogue, loadCatalogues, loadRunbooks, parseProduct } from './catalogue/catalogue.js';
export type { LoadedCatalogue, ProductFile } from './catalogue/catalogue.js';
export type { DowngradeEntry, MethodEntry, PathEntry, ProcedureEntry } from './catalogue/ways.js';
export { CatalogueError } from './catalogue/yaml-reader.js';
export type { FileProblem } from './catalogue/yaml-reader.js';
export type {
  AgentChannel, AgentHandlers, OrderSender, OutgoingOrder, OutgoingReport, ReportHandler, ReportReceiver,
} from './channels/channel.js';
export { KafkaAgentChannel, KafkaOrderSender, KafkaReportReceiver } from './channels/kafka.js';
export type { MakeReceiver, RecordReceiver, RecordSender } from './channels/kafka.js';
export { MemoryChannel } from './channels/memory.js';
export { PullAgentChannel } from './channels/pull-agent.js';
export type { HttpPort } from './channels/pull-agent.js';
export { eventsTopic, ordersTopic, reportsTopic, topicSpecs } from './channels/topics.js';
export { cloudEventRecord } from './events/cloud-event.js';
export { Intake } from './intake/intake.js';
export type { IntakePorts, KnownAgent } from './intake/intake.js';
export { OrderBody, openOrder, sealOrder } from './orders/order.js';
export { openPass, publicKeyId, sealPass } from './passes/pass.js';
export { isFacts, isTextMap, name as namePattern } from './shapes.js';
export { ReceiptBody, openReceipt, sealReceipt } from './receipts/receipt.js';
export { ReportBody, StepReportBody, openReport, sealReport } from './reports/report.js';
export type { OpenedReport } from './reports/report.js';
